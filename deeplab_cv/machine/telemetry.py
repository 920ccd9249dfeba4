"""Keeps packages from reporting on their user."""

import os
import sys


def switch_off_telemetry() -> None:
    """Keep ONNX Runtime and OpenVINO from sending events and from leaving an ID in the user's home.

    To be called before they are imported: from 1.31 on every process that loads ONNX Runtime does both, and its own
    switch comes too late; OpenVINO makes an ID as soon as it is imported, and cannot be imported by a user without a
    home. What the user has set, or imported, stays.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    # Python then takes the package for one that is not installed, and OpenVINO does without it.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

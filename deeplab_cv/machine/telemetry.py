"""Keeps packages from reporting on their user."""

import os


def switch_off_telemetry() -> None:
    """Keep ONNX Runtime from sending events and from leaving an ID in the user's cache; what the user has set stays.

    To be called before onnxruntime is imported: from 1.31 on every process that loads it does both, and its own
    switch comes too late.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

"""Which wheels are installed, and which of them stand in each other's way."""

import contextlib
import importlib.metadata
from collections.abc import Iterable

_SAME_PACKAGE = {
    "cv2": (
        "opencv-python",
        "opencv-python-headless",
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
    ),
    "onnxruntime": (
        "onnxruntime",
        "onnxruntime-gpu",
        "onnxruntime-directml",
        "onnxruntime-migraphx",
        "onnxruntime-openvino",
        "onnxruntime-qnn",
        "onnxruntime-rocm",
    ),
}
"""Wheels that bring a package of the same name, and write over each other's files."""

ENGINE_WHEELS = (*_SAME_PACKAGE["cv2"], *_SAME_PACKAGE["onnxruntime"], "openvino", "tensorrt")
"""Every wheel an engine comes in."""


def installed(wheels: Iterable[str]) -> dict[str, str]:
    """The versions of those wheels that are installed."""
    versions = {}
    for wheel in wheels:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[wheel] = importlib.metadata.version(wheel)
    return versions


def conflicts() -> list[str]:
    """One line for each package that several installed wheels bring: the one installed last wins, or a mixture."""
    lines = []
    for package, wheels in _SAME_PACKAGE.items():
        found = installed(wheels)
        if len(found) > 1:
            names = " ".join(found)
            lines.append(
                f"{' and '.join(found)} are installed together and write over each other's {package}: "
                f"pip uninstall {names}, then install the one you want"
            )
    return lines

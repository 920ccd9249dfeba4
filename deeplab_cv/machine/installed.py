"""Which wheels are installed, which of them stand in each other's way, and how missing ones are installed."""

import contextlib
import importlib.metadata
import re
from collections.abc import Iterable

from deeplab_cv.machine.folders import cloned

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


def how_to_install(extra: str = "") -> str:
    """The command that installs what running needs, or what an extra needs besides.

    Args:
        extra: a name of `requirements-EXTRA.txt`, which is the extra of that name in pyproject.toml; empty for running.

    Returns:
        In a clone, pip with the requirements file; else pip with the packages themselves.
    """
    file = f"requirements-{extra}.txt" if extra else "requirements.txt"
    if cloned():
        return f"pip install -r {file}"
    try:
        declared = importlib.metadata.requires("deeplab-cv") or []
    except importlib.metadata.PackageNotFoundError:
        return f"pip install what {file} lists"
    return " ".join(["pip install", *_packages(declared, extra)])


def _packages(declared: Iterable[str], extra: str) -> list[str]:
    """The quoted packages of an extra among the lines of a package's metadata."""
    packages = []
    for line in declared:
        package, _, marker = (part.strip() for part in line.partition(";"))
        named = re.search(r"""extra == ['"]([^'"]+)['"]""", marker)
        if (named.group(1) if named else "") == extra:
            packages.append(f'"{package}"')
    return packages

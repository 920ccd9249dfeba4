"""What `app.py doctor` says of the machine before it tries any engine, as pairs of a word and a line."""

import platform
import re
import sys
from pathlib import Path

import cv2

from deeplab_cv.machine.accelerators import accelerator_files, nvidia_cards
from deeplab_cv.machine.display import display_problem
from deeplab_cv.machine.installed import ENGINE_WHEELS, installed
from deeplab_cv.machine.processor import processor_name, usable_cores
from deeplab_cv.sinks.encoding import writable_codecs
from deeplab_cv.sources.camera_names import list_cameras

_VIRTUAL_VIDEO = Path("/sys/devices/virtual/video4linux")


def machine_facts() -> list[tuple[str, str]]:
    """Processor, window, graphics, cameras, codecs and what is installed."""
    wheels = installed([*ENGINE_WHEELS, "av", "numpy", "onnx", "torch"])
    return [
        ("system", platform.platform()),
        ("processor", f"{processor_name()}, {usable_cores()} cores for this process"),
        ("graphics", _graphics()),
        ("window", display_problem() or "can be opened"),
        ("cameras", "; ".join(f"{each.index} {each.path} {each.name}" for each in list_cameras()) or "none found"),
        ("virtual", _virtual_cameras()),
        ("codecs", f"{', '.join(writable_codecs())} can be written"),
        ("OpenCV", _opencv_build()),
        ("installed", ", ".join(f"{wheel} {version}" for wheel, version in wheels.items())),
        ("optional", "onnxruntime or openvino: one of the two beside OpenCV is enough"),
    ]


def _graphics() -> str:
    if not sys.platform.startswith("linux"):
        return "seen through the engines below alone"
    return ", ".join([*nvidia_cards(), *accelerator_files()]) or "no driver of a graphics card or an NPU is loaded"


def _virtual_cameras() -> str:
    """Devices that another program reads as a camera: what v4l2loopback makes."""
    if not sys.platform.startswith("linux"):
        return "OBS has a virtual camera: let it capture this program's window"
    devices = sorted(f"/dev/{path.name}" for path in _VIRTUAL_VIDEO.glob("video*"))
    return f"{', '.join(devices)} (v4l2loopback)" if devices else "no camera of v4l2loopback"


def _opencv_build() -> str:
    """What decides what OpenCV can do here, from its build information."""
    text = cv2.getBuildInformation()

    def entry(name: str) -> str:
        found = re.search(rf"^\s*{name}:\s*(.+?)\s*$", text, re.MULTILINE)
        return found.group(1) if found else "no"

    devices = cv2.cuda.getCudaEnabledDeviceCount()
    opencl = "a device" if cv2.ocl.haveOpenCL() else "no device"
    return (
        f"{cv2.__version__}: window {entry('GUI')}, CUDA {entry('NVIDIA CUDA')} ({devices} devices), "
        f"OpenCL {opencl}, threads {entry('Parallel framework')}"
    )

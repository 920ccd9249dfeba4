"""OpenCV's own DNN module.

OpenCV 5 has two engines inside: the classic one, which is that of OpenCV 4, and a new one. They are told apart here
as devices `cpu` and `cpu_new`, because either is wrong on networks that the other computes right.
"""

import re
from dataclasses import dataclass

import cv2
import numpy as np

from deeplab_cv.engines.engine import OTHER_ENGINE, Blob
from deeplab_cv.engines.synchronous import Facts, SynchronousEngine
from deeplab_cv.errors import EngineError, as_typed
from deeplab_cv.frames.frame import Scores
from deeplab_cv.machine.opencv_log import quiet_opencv
from deeplab_cv.networks.network import Graph

NAME = "opencv"


@dataclass(frozen=True)
class _Device:
    """How OpenCV calls a device, and what `Net.dump` writes beside each layer that truly runs there."""

    backend: str
    target: str
    written: str
    precision: str = "float32"


_NEW_ENGINE = "OpenCV 5's new engine"

_DEVICES = {
    "cpu": _Device("OPENCV", "CPU", "OCV/CPU"),
    "cpu_new": _Device("OPENCV", "CPU", _NEW_ENGINE),
    "cuda": _Device("CUDA", "CUDA", "CUDA/CUDA"),
    "cuda_fp16": _Device("CUDA", "CUDA_FP16", "CUDA/CUDA_FP16", "float16"),
    "opencl": _Device("OPENCV", "OPENCL", "OCV/OCL"),
    "opencl_fp16": _Device("OPENCV", "OPENCL_FP16", "OCV/OCL_FP16", "float16"),
}
DEVICES = tuple(_DEVICES)


def devices() -> tuple[str, ...]:
    """The devices this build of OpenCV claims."""
    return tuple(device for device in DEVICES if why_not(device) is None)


def why_not(device: str) -> EngineError | None:
    """Why this build of OpenCV has no such device and how to get one; None where it claims it."""
    reason = _reason(device)
    return None if reason is None else EngineError(f"OpenCV has no {device}", f"OpenCV {cv2.__version__}", reason)


def load(graph: Graph, device: str, threads: int, depth: int) -> SynchronousEngine:
    """Load a graph on one of `DEVICES`. Threads, if not 0, are set for all of OpenCV. Raises EngineError."""
    if (refusal := why_not(device)) is not None:
        raise refusal
    if threads:
        cv2.setNumThreads(threads)
    try:
        with quiet_opencv():
            net = _read(graph, device)
    except cv2.error as error:
        where = f"{NAME}:{device}, {as_typed(graph.named)}"
        raise EngineError("OpenCV cannot run the network", where, OTHER_ENGINE, cause=_short(error)) from error
    input_name, output_name = graph.card.input.name, graph.card.output.name

    def compute(blob: Blob) -> Scores:
        try:
            net.setInput(blob, input_name)
            # A copy, because OpenCV writes the next result over this one.
            return np.array(net.forward(output_name)[0])
        except cv2.error as error:
            raise EngineError("OpenCV failed on a frame", f"{NAME}:{device}", _short(error)) from error

    precision = "int8" if any("Int8" in kind for kind in net.getLayerTypes()) else _DEVICES[device].precision
    facts = Facts(NAME, device.removesuffix("_fp16"), precision, cv2.getNumThreads(), cv2.__version__)
    return SynchronousEngine(facts, graph.input_size, compute)


def _read(graph: Graph, device: str) -> cv2.dnn.Net:
    """The network set up on a device, shown to be there. Raises EngineError where OpenCV took another silently."""
    names = _DEVICES[device]
    # Only this overload heeds the engine: from a buffer OpenCV 5.0 runs the new one, whatever is asked for.
    engine = _engine(device)
    net = cv2.dnn.readNetFromONNX(str(graph.file), *(() if engine is None else (engine,)))
    # Winograd's way to 3x3 convolutions rounds nine times as coarsely: it turned one label in 4,000 of a ResNet-50 with
    # random weights. Without it that is 4 to 5 % slower, and as near to the exact scores as PyTorch (seen).
    net.enableWinograd(False)
    net.setPreferableBackend(getattr(cv2.dnn, f"DNN_BACKEND_{names.backend}"))
    net.setPreferableTarget(getattr(cv2.dnn, f"DNN_TARGET_{names.target}"))
    net.setInput(np.zeros((1, 3, *graph.input_size.hw), np.float32), graph.card.input.name)
    # Falling back to the processor is only logged (opencv 17560). The dump sets the network up and tells where.
    places = set(re.findall(r"(?:OCV|CUDA)/(?:CPU|OCL|CUDA)(?:_FP16)?", net.dump())) or {_NEW_ENGINE}
    expected = _NEW_ENGINE if engine is not None and engine == _new_engine() else names.written
    if expected not in places:
        raise EngineError(f"OpenCV runs the network on {', '.join(places)}", f"{NAME}:{device}", "take another device")
    return net


def _engine(device: str) -> int | None:
    """The number of the engine inside OpenCV 5; None for OpenCV 4, which has but one."""
    return _new_engine() if device == "cpu_new" else getattr(cv2.dnn, "ENGINE_CLASSIC", _new_engine())


def _new_engine() -> int | None:
    return getattr(cv2.dnn, "ENGINE_NEW", None)


def _reason(device: str) -> str | None:
    if device not in _DEVICES:
        return f"it knows {', '.join(DEVICES)}"
    if device == "cpu_new" and not (hasattr(cv2.dnn, "ENGINE_NEW") and hasattr(cv2.dnn, "ENGINE_CLASSIC")):
        return "only OpenCV 5 has two engines inside: pip install 'opencv-python>=5'"
    if device.startswith("opencl") and not cv2.ocl.haveOpenCL():
        return "no OpenCL device: install the graphics driver's OpenCL part (Debian: intel-opencl-icd, mesa-opencl-icd)"
    names = _DEVICES[device]
    if names.backend != "CUDA":
        return None
    if getattr(cv2.dnn, f"DNN_TARGET_{names.target}") in cv2.dnn.getAvailableTargets(cv2.dnn.DNN_BACKEND_CUDA):
        return None
    if re.search(r"NVIDIA CUDA:\s+YES", cv2.getBuildInformation()):
        return (
            f"its build has CUDA, but finds {cv2.cuda.getCudaEnabledDeviceCount()} usable devices: look at nvidia-smi"
        )
    return (
        "no wheel of OpenCV is built with CUDA: build OpenCV with -D OPENCV_DNN_CUDA=ON, "
        "or use --backend onnxruntime:cuda (pip install 'onnxruntime-gpu[cuda,cudnn]')"
    )


def _short(error: cv2.error) -> str:
    """OpenCV's reason in one line."""
    return " ".join(error.err.replace(">", " ").split())[:300]

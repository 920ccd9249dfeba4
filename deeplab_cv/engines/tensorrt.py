"""TensorRT under ONNX Runtime: its libraries, its version and the folder that keeps built engines."""

import ctypes
import importlib.util
import logging
import subprocess
import sys
from pathlib import Path

from deeplab_cv.errors import EngineError
from deeplab_cv.machine.cache import cache_folder
from deeplab_cv.machine.sums import drop_damaged
from deeplab_cv.networks.network import Graph

_log = logging.getLogger(__name__)

_SYSTEM_LIBRARY = "nvinfer_10.dll" if sys.platform == "win32" else "libnvinfer.so.10"


def provider_settings(graph: Graph, *, fp16: bool) -> dict[str, str]:
    """What ONNX Runtime's TensorRT provider is told, so that the minutes of building an engine are spent once.

    An engine is good for one network, shape, precision, GPU and version of TensorRT, so each has its own folder.
    Raises EngineError where TensorRT is not installed.
    """
    precision = "float16" if fp16 else graph.precision
    # Height first, as the folders that earlier versions have left.
    height, width = graph.input_size.hw
    key = f"{graph.sha256[:16]}{graph.form}-{height}x{width}-{precision}-{_gpu_name()}-tensorrt{_version_number()}"
    folder = cache_folder(f"tensorrt/{key}")
    drop_damaged(folder)
    if not any(folder.glob("*.engine")):
        name = graph.card.name
        _log.info("building the TensorRT engine of %s for %s: this takes minutes, once", name, graph.input_size)
    return {
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(folder),
        "trt_fp16_enable": "1" if fp16 else "0",
    }


def _version_number() -> int:
    """Such as 101300 for 10.13.0. Raises EngineError where the library is missing."""
    for name in [*_wheel_libraries(), _SYSTEM_LIBRARY]:
        try:
            # Loaded for all, so that ONNX Runtime too finds the copy that came as a wheel.
            return int(ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL).getInferLibVersion())
        except (OSError, AttributeError):
            continue
    remedy = "pip install 'tensorrt<11', or add TensorRT's folder to the library path"
    raise EngineError("TensorRT is not installed", f"{_SYSTEM_LIBRARY} is not found", remedy)


def _wheel_libraries() -> list[str]:
    """The core libraries of an installed TensorRT wheel."""
    spec = importlib.util.find_spec("tensorrt_libs")
    folders = spec.submodule_search_locations or () if spec else ()
    return sorted(str(path) for folder in folders for path in Path(folder).glob(f"{_SYSTEM_LIBRARY}*"))


def _gpu_name() -> str:
    """Such as `NVIDIA-RTX-A2000`; `gpu` where the driver's tool does not tell."""
    question = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        answer = ""
    return "-".join(answer.partition("\n")[0].split()) or "gpu"

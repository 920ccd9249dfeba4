"""ONNX Runtime: the processor, CUDA, TensorRT and whatever else the installed build brings."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import onnxruntime

from deeplab_cv.engines import tensorrt
from deeplab_cv.engines.engine import OTHER_ENGINE, Blob
from deeplab_cv.engines.synchronous import Facts, SynchronousEngine
from deeplab_cv.errors import EngineError, as_typed
from deeplab_cv.frames.frame import Scores
from deeplab_cv.machine.processor import usable_cores
from deeplab_cv.machine.sums import note_sums
from deeplab_cv.networks.network import Graph

NAME = "onnxruntime"

_PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "tensorrt_fp16": "TensorrtExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "qnn": "QNNExecutionProvider",
}
DEVICES = tuple(_PROVIDERS)

_WHEELS = {
    "cuda": "onnxruntime-gpu[cuda,cudnn]",
    "tensorrt": "onnxruntime-gpu[cuda,cudnn]",
    "tensorrt_fp16": "onnxruntime-gpu[cuda,cudnn]",
    "migraphx": "onnxruntime-migraphx",
    "rocm": "onnxruntime-rocm",
    "directml": "onnxruntime-directml",
    "openvino": "onnxruntime-openvino",
    "qnn": "onnxruntime-qnn",
}


def devices() -> tuple[str, ...]:
    """The devices this build of ONNX Runtime claims; whether their libraries load is seen only by loading."""
    available = onnxruntime.get_available_providers()
    return tuple(device for device, provider in _PROVIDERS.items() if provider in available)


def why_not(device: str) -> EngineError | None:
    """Why this build of ONNX Runtime has no such device and how to get one; None where it claims it."""
    claimed = devices()
    if device in claimed:
        return None
    wheel = _WHEELS.get(device)
    remedy = f"pip uninstall onnxruntime, pip install '{wheel}'" if wheel else f"this build has {', '.join(claimed)}"
    return EngineError(f"ONNX Runtime has no {device}", f"ONNX Runtime {onnxruntime.__version__}", remedy)


def load(graph: Graph, device: str, threads: int, depth: int) -> SynchronousEngine:
    """Load a graph on one of `DEVICES`. Raises EngineError."""
    if (refusal := why_not(device)) is not None:
        raise refusal
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads or usable_cores()
    options.inter_op_num_threads = 1
    # Threads that spin between two frames take the cores from decoding, painting and encoding.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    session, log = _session(graph, device, options)
    _refuse_dropped_provider(session, device, log)
    input_name, output_names = graph.card.input.name, [graph.card.output.name]

    def compute(blob: Blob) -> Scores:
        try:
            scores: Scores = session.run(output_names, {input_name: blob})[0][0]
        except Exception as error:  # its exceptions have no common base
            raise EngineError("ONNX Runtime failed on a frame", f"{NAME}:{device}", _short(error)) from error
        return scores

    precision = "float16" if device.endswith("_fp16") else graph.precision
    facts = Facts(NAME, device.removesuffix("_fp16"), precision, options.intra_op_num_threads, onnxruntime.__version__)
    return SynchronousEngine(facts, graph.input_size, compute)


def _session(graph: Graph, device: str, options: Any) -> tuple[Any, str]:
    """A session and what was printed while the provider's libraries were looked for."""
    settings: dict[str, str] = {}
    log = io.StringIO()
    # Its own log would come on top of the reason given below; its warnings are none that a user can heed.
    options.log_severity_level = 4
    onnxruntime.set_default_logger_severity(4)
    if device != "cpu" and hasattr(onnxruntime, "preload_dlls"):
        with contextlib.redirect_stdout(log):
            onnxruntime.preload_dlls()
    if device == "cuda":
        # Else float32 is rounded to 10 bits of mantissa on NVIDIA's newer cards (TF32).
        settings = {"use_tf32": "0"}
    if device.startswith("tensorrt"):
        settings = tensorrt.provider_settings(graph, fp16=device.endswith("_fp16"))
    try:
        session = onnxruntime.InferenceSession(
            str(graph.file), options, providers=[(_PROVIDERS[device], settings)], enable_fallback=False
        )
    except Exception as error:  # its exceptions have no common base
        where = f"{NAME}:{device}, {as_typed(graph.named)}"
        what, remedy = "ONNX Runtime cannot run the network", OTHER_ENGINE
        if "NOT_IMPLEMENTED" in str(error):
            what = "ONNX Runtime does not compute in the network's numbers, such as float64"
            remedy = "export it again in float32, or take another --backend"
        raise EngineError(what, where, remedy, cause=_short(error)) from error
    finally:
        onnxruntime.set_default_logger_severity(2)
    if "trt_engine_cache_path" in settings:
        note_sums(Path(settings["trt_engine_cache_path"]))
    return session, log.getvalue()


def _refuse_dropped_provider(session: Any, device: str, log: str) -> None:
    """Raises EngineError where a provider could not load or took no node: the processor then does it all, silently."""
    provider = _PROVIDERS[device]
    where = f"{NAME}:{device}"
    if provider not in session.get_providers():
        reason = next(
            (line for line in log.splitlines() if line.startswith("Failed to load")), "its libraries are missing"
        )
        wheel = _WHEELS.get(device)
        remedy = f"{reason}: pip install '{wheel}'" if wheel else reason
        raise EngineError(f"ONNX Runtime dropped {provider}", where, remedy)
    if hasattr(session, "get_provider_graph_assignment_info"):
        takers = {part.ep_name for part in session.get_provider_graph_assignment_info()}
        if provider not in takers:
            raise EngineError(f"{provider} takes no part of the network", where, f"{', '.join(takers)} would run it")


def _short(error: Exception) -> str:
    """ONNX Runtime's reason in one line, without the number that stands in front of its name."""
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : ", "", " ".join(str(error).split()))[:300]

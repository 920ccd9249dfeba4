"""The ways this machine could run a network: every engine, device and file of it that the installed builds claim."""

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from types import ModuleType

from deeplab_cv.engines.golden_check import Proof
from deeplab_cv.errors import EngineError, UsageError, did_you_mean
from deeplab_cv.machine.processor import sums_in_32_bits
from deeplab_cv.networks.network import Graph

ENGINES = ("openvino", "onnxruntime", "opencv")
"""In the order in which they are tried: the ones that are usually fastest first."""

_OTHER_NAMES = {
    **dict.fromkeys(("cuda", "nvidia", "gpu"), "onnxruntime:cuda"),
    **dict.fromkeys(("tensorrt", "trt"), "onnxruntime:tensorrt"),
    **dict.fromkeys(("onnx", "ort", "onnx-runtime"), "onnxruntime"),
    **dict.fromkeys(("ov", "intel", "open-vino"), "openvino"),
    **dict.fromkeys(("cv", "cv2", "cv2.dnn", "dnn", "opencv-dnn", "opencv_dnn"), "opencv"),
    **dict.fromkeys(("directml", "dml"), "onnxruntime:directml"),
    **{device: f"onnxruntime:{device}" for device in ("rocm", "migraphx", "qnn")},
    **dict.fromkeys(("coreml", "mps", "metal"), "onnxruntime:coreml"),
    "opencl": "opencv:opencl",
    "npu": "openvino:npu",
    "igpu": "openvino:gpu",
    "cpu": "auto",
    "any": "auto",
}
"""What others call an engine, or take a device for one."""

_OTHER_DEVICES = {"gpu": "cuda", "nvidia": "cuda", "0": "cuda", "trt": "tensorrt", "dml": "directml", "mps": "coreml"}
"""What others call a device."""

_WHEELS = {"openvino": "openvino", "onnxruntime": "onnxruntime", "opencv": "opencv-python"}
_PACKAGES = {"openvino": "openvino", "onnxruntime": "onnxruntime", "opencv": "cv2"}
_SUFFIXES = {"float32": "", "float16": "_fp16", "bfloat16": "_bf16", "int8": "_int8"}


@dataclass(frozen=True)
class Candidate:
    """One way to run a network: a graph on one of an engine's devices."""

    name: str
    device: str
    graph: Graph

    @property
    def backend(self) -> str:
        """As --backend takes it: `openvino:cpu`; `openvino:cpu_int8` where the file itself is of that precision."""
        return f"{self.name}:{self.device}{_SUFFIXES[self.graph.precision]}"

    def __str__(self) -> str:
        return f"{self.backend} ({self.graph.form})" if self.graph.form else self.backend


@dataclass(frozen=True)
class CandidateResult:
    """What came of a candidate.

    Attributes:
        candidate: what was tried.
        reason: why it was refused; empty where it works.
        proof: how right it is; None where it was refused.
        ms: milliseconds a frame takes, the best of several, which a busy machine disturbs least; of one that was beaten
            that of the winner times how many times slower it was. None if refused.
        precision: what it computes in, by its own word; empty where it did not load.
        threads: processor threads it computes with; 0 where it did not load or needs none.
    """

    candidate: Candidate
    _: KW_ONLY
    reason: str = ""
    proof: Proof | None = None
    ms: float | None = None
    precision: str = ""
    threads: int = 0


def engine_module(name: str) -> ModuleType:
    """The module of an engine, see `deeplab_cv.engines`.

    Raises:
        UsageError: there is no such engine.
        EngineError: its package is not installed or does not load.
    """
    if name not in ENGINES:
        meant = did_you_mean(name, (*ENGINES, "auto"), _OTHER_NAMES)
        remedy = f"{meant} write auto, or one of {', '.join(ENGINES)} with or without :device".lstrip()
        raise UsageError("unknown backend", name, remedy)
    try:
        return importlib.import_module(f"deeplab_cv.engines.{name}")
    except ImportError as error:
        wheel = _WHEELS[name]
        raise EngineError(f"{name} cannot be loaded", error, f"pip install --force-reinstall {wheel}") from error


def broken_engines() -> list[str]:
    """Why engines do not load although their packages are installed, one line for each: another start may load them."""
    reasons = []
    for name in ENGINES:
        try:
            engine_module(name)
        except EngineError as error:
            if importlib.util.find_spec(_PACKAGES[name]) is not None:
                reasons.append(str(error))
    return reasons


def candidates_for(graphs: Sequence[Graph], backend: str) -> list[Candidate]:
    """What `backend` leaves to choose from: `auto`, a NAME for all of an engine's devices, or NAME:device.

    A device that the installed build does not claim is a candidate all the same when it is asked for by its name:
    loading it gives the reason.

    Args:
        graphs: the network's graph of one shape, then its variants.
        backend: as the user wrote it.

    Raises:
        UsageError: there is no such engine.
        EngineError: the engine's package is missing; for `auto`, all of them are.
    """
    wanted, _, device = backend.partition(":")
    found: list[Candidate] = []
    missing: list[EngineError] = []
    for name in ENGINES if backend == "auto" else (wanted,):
        try:
            devices = engine_module(name).devices()
        except EngineError as error:
            missing.append(error)
            continue
        found += [
            Candidate(name, device, graph) for device in devices for graph in graphs if _suits(name, device, graph)
        ]
    if missing and not found:
        raise missing[0]
    _refuse_other_device(wanted, device)
    if not device:
        return found
    return [candidate for candidate in found if candidate.backend == backend] or [Candidate(wanted, device, graphs[0])]


def _refuse_other_device(name: str, device: str) -> None:
    """Raises UsageError for a device that others have by this name, and this engine by another."""
    known = engine_module(name).DEVICES if device else ()
    meant = _OTHER_DEVICES.get(device)
    if device not in known and meant in known:
        raise UsageError("unknown device", f"{name}:{device}", f"did you mean {name}:{meant}?")


def backend_names(graphs: Sequence[Graph]) -> list[str]:
    """Every backend that `auto` would try, by name, each once."""
    return list(dict.fromkeys(candidate.backend for candidate in candidates_for(graphs, "auto")))


def _suits(name: str, device: str, graph: Graph) -> bool:
    """Whether a file is meant for an engine, and its precision is not at odds with the device's own.

    OpenVINO's `auto` picks one of the devices that are candidates themselves.
    """
    lowered = "fp16" in device or "bf16" in device
    return (
        device != "auto"
        and not (graph.engines and name not in graph.engines)
        and not (lowered and graph.precision != "float32")
        and not (device.startswith("cpu") and _would_be_cut_off(graph))
    )


def _would_be_cut_off(graph: Graph) -> bool:
    """Whether a file's 8-bit weights are too large for what this processor sums their products in."""
    variant = next((variant for variant in graph.card.variants if variant.sha256 == graph.sha256), None)
    return variant is not None and variant.full_range and not sums_in_32_bits()

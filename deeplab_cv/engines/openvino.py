"""OpenVINO: Intel's processors, graphics and NPUs, and any x86 or ARM processor.

A device can carry the precision it shall compute in, such as `cpu_bf16`; without one it computes in what the network
file holds. Left to itself OpenVINO takes bfloat16 wherever the processor has it, faster or not.
"""

import contextlib
import logging
from collections import Counter, deque
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from deeplab_cv.engines.engine import OTHER_ENGINE, Blob, Engine, Inference, check_blob
from deeplab_cv.engines.synchronous import Facts, SynchronousEngine
from deeplab_cv.errors import EngineError, as_typed
from deeplab_cv.frames.frame import Scores
from deeplab_cv.machine.cache import kept_folder
from deeplab_cv.machine.processor import usable_cores
from deeplab_cv.machine.signal_stack import kept_signal_stack
from deeplab_cv.machine.sums import drop_damaged, note_sums
from deeplab_cv.networks.graph_cache import graph_key
from deeplab_cv.networks.network import Graph

_log = logging.getLogger(__name__)

NAME = "openvino"
DEVICES = ("cpu", "cpu_bf16", "cpu_fp16", "gpu", "gpu_fp16", "npu_fp16", "auto")

_VERSION = openvino.__version__.partition("-")[0]
_HINTS = {"": "f32", "bf16": "bf16", "fp16": "f16"}
_CAPABILITIES = {"": "FP32", "bf16": "BF16", "fp16": "FP16"}
_PRECISIONS = {"f32": "float32", "bf16": "bfloat16", "f16": "float16", "i8": "int8", "u8": "int8"}

_REMEDIES = {
    "gpu": "it needs Intel graphics and their compute driver (Debian: intel-opencl-icd)",
    "npu": "it needs an Intel NPU and its driver",
}


class SideBySideEngine:
    """A compiled network with `depth` requests, which threads of OpenVINO's own run side by side or in turn."""

    def __init__(self, facts: Facts, graph: Graph, compiled: Any, depth: int) -> None:
        self.name = facts.name
        self.device = facts.device
        self.precision = facts.precision
        self.threads = facts.threads
        self.version = facts.version
        self.depth = depth
        self._input_size = graph.input_size
        self._input_name = graph.card.input.name
        self._output: Any = compiled.output(graph.card.output.name)
        self._free = deque(compiled.create_infer_request() for _ in range(depth))
        self._running: deque[tuple[Any, Blob]] = deque()

    def submit(self, blob: Blob) -> None:
        """Start computing a tensor. Raises EngineError."""
        if not self._free:
            raise EngineError("the engine takes no tensor", NAME, "it is closed, or a result is still to be fetched")
        check_blob(blob, self._input_size)
        request = self._free.popleft()
        request.start_async({self._input_name: blob}, share_inputs=True)
        # The request reads the tensor where it lies, so it is kept until the result is there.
        self._running.append((request, blob))

    def result(self) -> Inference:
        """Wait for the oldest tensor's scores. Raises EngineError."""
        if not self._running:
            raise EngineError("the engine has nothing to compute", NAME, "hand in a tensor first")
        request, _ = self._running.popleft()
        try:
            request.wait()
            # A copy, because the request writes its next result over this one.
            scores = np.array(request.get_tensor(self._output).data[0])
            return Inference(scores, request.latency)
        except RuntimeError as error:
            raise _failure(self.device, error) from error
        finally:
            self._free.append(request)

    def close(self) -> None:
        """Stop what still runs and let go of the network."""
        for request, _ in self._running:
            request.cancel()
            with contextlib.suppress(RuntimeError):
                request.wait()
        self._running.clear()
        self._free.clear()
        # It alone would hold the whole network.
        self._output = None


@kept_signal_stack()
def devices() -> tuple[str, ...]:
    """The devices OpenVINO finds on this machine, each precision of its own. Raises EngineError."""
    found = []
    try:
        core = openvino.Core()
        names = core.available_devices
    except RuntimeError as error:
        raise EngineError("OpenVINO does not start", f"OpenVINO {_VERSION}", OTHER_ENGINE, cause=error) from error
    for device in names:
        try:
            capabilities = core.get_property(device, "OPTIMIZATION_CAPABILITIES")
        except RuntimeError as error:
            # A driver that is broken takes no other device along.
            _log.info("%s:%s is left out: %s", NAME, device.lower(), " ".join(str(error).split()))
            continue
        found += [
            f"{device.lower()}_{suffix}".rstrip("_")
            for suffix, capability in _CAPABILITIES.items()
            if capability in capabilities
        ]
    return (*found, "auto")


def why_not(device: str) -> EngineError | None:
    """Why OpenVINO has no such device on this machine and how to get one; None where it claims it."""
    claimed = devices()
    # Of several graphics cards the first goes by the name of `gpu`.
    if device in claimed or device in [name.replace(".0", "") for name in claimed]:
        return None
    remedy = _REMEDIES.get(device.partition("_")[0], f"it finds {', '.join(claimed)}")
    return EngineError(f"OpenVINO has no {device}", f"OpenVINO {_VERSION}", remedy)


@kept_signal_stack()
def load(graph: Graph, device: str, threads: int, depth: int) -> Engine:
    """Load a graph on one of `devices()`. Raises EngineError."""
    if (refusal := why_not(device)) is not None:
        raise refusal
    place, _, suffix = device.partition("_")
    if place != "cpu":
        _log.info("compiling the network for %s:%s: the first time this takes a while", NAME, device)
    settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": _HINTS[suffix]}
    # Streams side by side give more frames a second, one stream the earliest result.
    streams = min(depth, usable_cores())
    settings |= {"NUM_STREAMS": streams} if depth > 1 else {"PERFORMANCE_HINT": "LATENCY"}
    if place == "cpu":
        # Left to itself it ties each thread to a core, where it waits behind whatever decodes, paints or encodes there.
        settings |= {"INFERENCE_NUM_THREADS": threads or usable_cores(), "ENABLE_CPU_PINNING": False}
    # A compiled network is kept: it loads in a fifth of the time. Each setting has a folder of its own, because
    # OpenVINO 2026.4 takes a network kept in float16 for one in float32 and then says that it is float32. So has each
    # graph, whose file alone is then to be proven whole.
    cache = kept_folder(
        f"openvino/{graph_key(graph.sha256, graph.input_size, graph.form)}-{device}-{threads}-{streams}"
    )
    try:
        compiled = _compiled(graph, place.upper(), settings, cache)
    except RuntimeError as error:
        where = f"{NAME}:{device}, {as_typed(graph.named)}"
        raise EngineError("OpenVINO cannot run the network", where, OTHER_ENGINE, cause=_short(error)) from error
    taken = "+".join(compiled.get_property("EXECUTION_DEVICES")).strip("()").lower()
    facts = Facts(NAME, taken, _precision(compiled), _threads(compiled), _VERSION)
    return SideBySideEngine(facts, graph, compiled, depth) if depth > 1 else _synchronous(facts, graph, compiled)


def _compiled(graph: Graph, device: str, settings: dict[str, Any], cache: Path | None) -> Any:
    """The network compiled, from the cache where it lies there. Raises RuntimeError."""
    core = openvino.Core()
    if cache is not None and drop_damaged(cache):
        # A cache that is full or read-only costs the time that it would have saved, and no more.
        with contextlib.suppress(RuntimeError):
            compiled = core.compile_model(str(graph.file), device, settings | {"CACHE_DIR": str(cache)})
            note_sums(cache)
            return compiled
    return core.compile_model(str(graph.file), device, settings)


def _synchronous(facts: Facts, graph: Graph, compiled: Any) -> SynchronousEngine:
    """Computes in the thread that waits for the result: on a busy machine waking another one takes long."""
    request, output = compiled.create_infer_request(), compiled.output(graph.card.output.name)
    input_name = graph.card.input.name

    def compute(blob: Blob) -> Scores:
        try:
            scores: Scores = request.infer({input_name: blob}, share_inputs=True)[output][0]
        except RuntimeError as error:
            raise _failure(facts.device, error) from error
        return scores

    return SynchronousEngine(facts, graph.input_size, compute)


def _precision(compiled: Any) -> str:
    """What most convolutions compute in, as the compiled network tells."""
    facts = [node.get_rt_info() for node in compiled.get_runtime_model().get_ops()]
    precisions = Counter(
        info["runtimePrecision"].astype(str)
        for info in facts
        if "layerType" in info and "Convolution" in info["layerType"].astype(str)
    )
    if not precisions:
        return str(_PRECISIONS.get(compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name(), "float32"))
    most = str(precisions.most_common(1)[0][0])
    return _PRECISIONS.get(most, most)


def _threads(compiled: Any) -> int:
    """Processor threads; 0 for a device that computes without them."""
    try:
        return int(compiled.get_property("INFERENCE_NUM_THREADS"))
    except RuntimeError:
        return 0


def _failure(device: str, error: RuntimeError) -> EngineError:
    return EngineError("OpenVINO failed on a frame", f"{NAME}:{device}", _short(error))


def _short(error: Exception) -> str:
    """OpenVINO's reason in one line."""
    return " ".join(str(error).split())[:300]

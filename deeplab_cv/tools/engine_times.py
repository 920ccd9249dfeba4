"""Times several graphs of one network on every engine in turn, so that a busy machine is equally unfair to all."""

import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from itertools import groupby

from deeplab_cv.engines.candidates import Candidate, candidates_for
from deeplab_cv.engines.golden_check import Reference, check
from deeplab_cv.engines.reference import reference_for
from deeplab_cv.engines.timing import frame_ms, in_turns
from deeplab_cv.engines.trial import load_candidate, try_out
from deeplab_cv.errors import EngineError
from deeplab_cv.networks.network import Graph

ROUNDS = 9


@dataclass(frozen=True)
class EngineTimes:
    """Times of every graph on one engine and device.

    Attributes:
        backend: such as `onnxruntime:cpu`.
        ms: median milliseconds of an inference, by the graph's name.
        refused: why a graph does not run there, by its name.
    """

    backend: str
    _: KW_ONLY
    ms: dict[str, float] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def times_on_engines(graphs: Mapping[str, Graph], backend: str = "auto") -> list[EngineTimes]:
    """Time graphs of one shape on each engine and device in full precision, each held to the golden check first."""
    names = {id(graph): name for name, graph in graphs.items()}
    references = {name: reference_for(graph) for name, graph in graphs.items()}
    times = []
    candidates = candidates_for(list(graphs.values()), backend)
    try_out(candidates, 0, 1)
    for (name, device), group in groupby(candidates, lambda each: (each.name, each.device)):
        if "_fp16" in device or "_bf16" in device:
            continue
        times.append(_times_on(f"{name}:{device}", {names[id(each.graph)]: each for each in group}, references))
    return times


def _times_on(backend: str, candidates: Mapping[str, Candidate], references: Mapping[str, Reference]) -> EngineTimes:
    result = EngineTimes(backend)
    works: dict[str, Callable[[], float]] = {}
    with ExitStack() as stack:
        for name, candidate in candidates.items():
            blob = references[name].blob
            try:
                engine = load_candidate(candidate, 0, 1)
                stack.callback(engine.close)
                check(engine, candidate.graph, references[name])
                works[name] = partial(frame_ms, engine, blob)
            except EngineError as error:
                result.refused[name] = f"{error.what}: {error.cause or error.remedy}"
        for name, times_ms in in_turns(works, ROUNDS).items():
            result.ms[name] = statistics.median(times_ms)
    return result

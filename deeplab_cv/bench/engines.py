"""How fast each engine runs each network by itself: per input size, precision, threads and tensors in flight."""

import logging
from dataclasses import dataclass

from deeplab_cv.bench import BenchPlan, Measurement, Row
from deeplab_cv.bench.instruments.turns import Work, costs_in_turns, spread_of, timed
from deeplab_cv.engines.candidates import Candidate, candidates_for
from deeplab_cv.engines.engine import Blob, Engine, run_all
from deeplab_cv.engines.reference import reference_for
from deeplab_cv.engines.trial import load_candidate, try_out
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.folders import models_folder
from deeplab_cv.machine.processor import usable_cores
from deeplab_cv.networks.catalogue import entries
from deeplab_cv.networks.network import Network, graph_at, variant_graphs
from deeplab_cv.networks.opening import open_network, wanted_network

_log = logging.getLogger(__name__)

_SIZES = 3
"""Those for 1:1, 4:3 and 16:9; the upright ones cost the same."""

_TURN_MS = 100.0
_MOST_FRAMES = 20
_HOPELESS = 4.0
"""A candidate this many times slower than the fastest has one turn only."""


@dataclass(frozen=True)
class _Loaded:
    candidate: Candidate
    engine: Engine
    blob: Blob

    def work(self, frames: int) -> Work:
        """So many frames, with as many in flight as the engine takes."""

        def run() -> None:
            for _ in run_all(self.engine, [self.blob] * frames):
                pass

        return Work(run, frames)


def measure(plan: BenchPlan) -> Measurement:
    """A row for each network, input, engine, precision, number of threads and tensors in flight. Raises UserError."""
    rows = []
    for network in _networks(plan):
        for input_size in network.card.input_sizes[:_SIZES]:
            rows += _rows(plan, network, input_size)
    remarks = (
        "in flight: two for files, one for a live picture; an engine that takes only one has no row for two",
        "a candidate much slower than the fastest has one turn only",
    )
    return Measurement("engines", "inference alone, milliseconds a frame", tuple(rows), remarks)


def _networks(plan: BenchPlan) -> list[Network]:
    """The network that was named, or all that lie in models/."""
    if plan.network.model is not None:
        return [wanted_network(plan.network)]
    lying_here = [open_network(entry.file) for entry in entries(models_folder()) if entry.problem is None]
    return lying_here or [wanted_network(plan.network)]


def _rows(plan: BenchPlan, network: Network, input_size: Size) -> list[Row]:
    loaded = _loaded_engines(plan, network, input_size)
    first_ms = [timed(each.work(2)).wall_ms for each in loaded]
    best_ms = min(first_ms, default=0.0)
    works = {}
    for place, each in enumerate(loaded):
        if first_ms[place] <= _HOPELESS * best_ms:
            works[str(place)] = each.work(max(2, min(_MOST_FRAMES, round(_TURN_MS / first_ms[place]))))
    costs = costs_in_turns(works, plan.rounds)
    rows: list[Row] = []
    for place, each in enumerate(loaded):
        engine = each.engine
        turns = costs.get(str(place))
        wall_ms = spread_of([cost.wall_ms for cost in turns] if turns else [first_ms[place]])
        rows.append(
            {
                "network": network.card.name,
                "input": str(each.candidate.graph.input_size),
                "engine": str(each.candidate),
                "precision": engine.precision,
                "threads": engine.threads,
                "in flight": engine.depth,
                "wall ms": wall_ms,
                "processor ms": spread_of(cost.processor_ms for cost in turns) if turns else None,
                "frames/s": 1000 / wall_ms.median,
            }
        )
        engine.close()
    return sorted(rows, key=lambda row: -float(str(row["frames/s"])))


def _loaded_engines(plan: BenchPlan, network: Network, input_size: Size) -> list[_Loaded]:
    """Every engine with every number of threads and tensors in flight that differs, those that fail left out."""
    graph = graph_at(network, input_size)
    blob = reference_for(graph).blob
    cores = usable_cores()
    loaded = []
    candidates = candidates_for([graph, *variant_graphs(network, graph)], plan.engine.backend)
    try_out(candidates, cores, 1)
    refused: list[tuple[Candidate, EngineError]] = []
    for candidate in candidates:
        for threads, depth in dict.fromkeys([(cores, 1), (cores, 2), (1, 1)]):
            try:
                engine = load_candidate(candidate, threads, depth)
            except EngineError as error:
                refused.append((candidate, error))
                break
            if engine.depth == depth:
                loaded.append(_Loaded(candidate, engine, blob))
            else:
                engine.close()
    if refused and not loaded:
        raise refused[0][1]
    for candidate, refusal in refused:
        _log.info("%s: %s", candidate, refusal)
    return loaded

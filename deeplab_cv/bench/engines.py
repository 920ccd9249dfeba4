"""How fast each engine runs each network by itself: per shape, precision, threads and tensors in flight."""

import logging
from dataclasses import dataclass

from deeplab_cv.bench import Part, Plan, Row
from deeplab_cv.bench.instruments.turns import Work, in_turns, spread_of, timed
from deeplab_cv.engines.candidates import Candidate, candidates_for, engine_module
from deeplab_cv.engines.engine import Blob, Engine, run_all
from deeplab_cv.engines.golden_check import reference_for
from deeplab_cv.errors import EngineError
from deeplab_cv.machine.folders import models_folder
from deeplab_cv.machine.processor import usable_cores
from deeplab_cv.networks.card import Shape
from deeplab_cv.networks.catalogue import entries
from deeplab_cv.networks.network import Network, graph_at, variant_graphs
from deeplab_cv.networks.opening import open_network, wanted_network

_log = logging.getLogger(__name__)

_SHAPES = 3
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


def measure(plan: Plan) -> Part:
    """A row for each network, shape, engine, precision, number of threads and tensors in flight. Raises UserError."""
    rows = []
    for network in _networks(plan):
        for shape in network.card.shapes[:_SHAPES]:
            rows += _rows(plan, network, shape)
    remarks = (
        "in flight: two for files, one for a live picture; an engine that takes only one has no row for two",
        "a candidate much slower than the fastest has one turn only",
    )
    return Part("engines", "inference alone, milliseconds a frame", tuple(rows), remarks)


def _networks(plan: Plan) -> list[Network]:
    """The network that was named, or all that lie in models/."""
    if plan.network.model is not None:
        return [wanted_network(plan.network)]
    lying_here = [open_network(entry.file) for entry in entries(models_folder()) if entry.problem is None]
    return lying_here or [wanted_network(plan.network)]


def _rows(plan: Plan, network: Network, shape: Shape) -> list[Row]:
    candidates = _loaded_ways(plan, network, shape)
    first_ms = [timed(each.work(2)).wall_ms for each in candidates]
    best_ms = min(first_ms, default=0.0)
    works = {}
    for place, candidate in enumerate(candidates):
        if first_ms[place] <= _HOPELESS * best_ms:
            works[str(place)] = candidate.work(max(2, min(_MOST_FRAMES, round(_TURN_MS / first_ms[place]))))
    costs = in_turns(works, plan.rounds)
    rows: list[Row] = []
    for place, candidate in enumerate(candidates):
        engine = candidate.engine
        turns = costs.get(str(place))
        wall_ms = spread_of([cost.wall_ms for cost in turns] if turns else [first_ms[place]])
        rows.append(
            {
                "network": network.card.name,
                "input": "{}x{}".format(*candidate.candidate.graph.shape[::-1]),
                "engine": str(candidate.candidate),
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


def _loaded_ways(plan: Plan, network: Network, shape: Shape) -> list[_Loaded]:
    """Every engine in every way of loading it that differs, the wrong ones left out."""
    graph = graph_at(network, shape)
    blob = reference_for(graph).blob
    cores = usable_cores()
    loaded = []
    for candidate in candidates_for([graph, *variant_graphs(network, graph)], plan.engine.backend):
        module = engine_module(candidate.name)
        for threads, depth in dict.fromkeys([(cores, 1), (cores, 2), (1, 1)]):
            try:
                engine: Engine = module.load(candidate.graph, candidate.device, threads, depth)
            except EngineError as error:
                _log.info("%s: %s", candidate, error)
                break
            if engine.depth == depth:
                loaded.append(_Loaded(candidate, engine, blob))
            else:
                engine.close()
    return loaded

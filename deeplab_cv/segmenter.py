"""A network on an engine: frame in, scores out, at the proven shape nearest to each frame's aspect."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deeplab_cv.card import Shape
from deeplab_cv.engines import Blob, Engine
from deeplab_cv.engines.candidates import backend_names
from deeplab_cv.engines.choice import Choice, choose
from deeplab_cv.frame import Frame, Scored, Scores
from deeplab_cv.network import Graph, Network, graph_for, nearest_shape, variant_graphs
from deeplab_cv.preprocess import blob_of, filled_area
from deeplab_cv.propagation import Economy, Plan, Propagator


@dataclass(frozen=True)
class _Pending:
    frame: Frame
    engine: Engine
    shape: Shape
    plan: Plan


class Segmenter:
    """Keeps one proven engine for each shape that frames have asked for.

    Attributes:
        network: the network it runs.
        backend: the engine asked for, `auto` or NAME[:device].
    """

    def __init__(
        self,
        network: Network,
        backend: str,
        threads: int,
        depth: int,
        say: Callable[[str], None],
        economy: Economy = Economy(),  # noqa: B008 - frozen
    ) -> None:
        self.network = network
        self.backend = backend
        self._threads = threads
        self._depth = depth
        self._say = say
        self._economy = economy
        self._propagator = Propagator(economy)
        self._choices: dict[Shape, Choice] = {}
        self._blobs: dict[Shape, deque[Blob]] = {}
        self._pending: deque[_Pending] = deque()
        self._inference_ms = 0.0

    def with_backend(self, backend: str) -> "Segmenter":
        """The same network on another engine, not loaded yet."""
        return Segmenter(self.network, backend, self._threads, self._depth, self._say, self._economy)

    def with_network(self, network: Network) -> "Segmenter":
        """Another network with the same wishes for an engine, not loaded yet."""
        return Segmenter(network, self.backend, self._threads, self._depth, self._say, self._economy)

    def prepare(self, size_wh: tuple[int, int]) -> Engine:
        """Load and prove the engine for frames of this size, unless that is done. Raises EngineError."""
        shape = nearest_shape(self.network.card.shapes, size_wh)
        if shape not in self._choices:
            graphs = self._graphs(size_wh)
            self._choices[shape] = choose(graphs, self.backend, self._threads, self._depth, self._say)
            depth = self._choices[shape].engine.depth
            self._blobs[shape] = deque(np.empty((1, 3, *shape), np.float32) for _ in range(depth))
        return self._choices[shape].engine

    def backends(self, size_wh: tuple[int, int]) -> list[str]:
        """Every backend of this machine that might run the network, the one at work first."""
        names = backend_names(self._graphs(size_wh))
        shape = nearest_shape(self.network.card.shapes, size_wh)
        at_work = self._choices[shape].candidate.backend if shape in self._choices else self.backend
        place = names.index(at_work) if at_work in names else 0
        return names[place:] + names[:place]

    @property
    def full(self) -> bool:
        """As many frames are in flight as the engine takes: ask for a result before submitting another."""
        return bool(self._pending) and len(self._pending) >= self._pending[-1].engine.depth

    @property
    def empty(self) -> bool:
        """No frame is in flight."""
        return not self._pending

    def submit(self, frame: Frame) -> None:
        """Hand in a frame. Raises EngineError."""
        engine = self.prepare(frame.size_wh)
        card = self.network.card
        shape = nearest_shape(card.shapes, frame.size_wh)
        plan = self._propagator.plan(frame, shape, filled_area(frame.size_wh, shape, card.input))
        if plan.way == "infer":
            # The tensor that was handed in longest ago: its scores have been fetched.
            blob = self._blobs[shape][0]
            self._blobs[shape].rotate(-1)
            blob_of(frame.pixels, shape, card.input, blob)
            engine.submit(blob)
        self._pending.append(_Pending(frame, engine, shape, plan))

    def result(self) -> Scored:
        """The scores of the oldest frame in flight. Raises EngineError."""
        oldest = self._pending.popleft()
        scores = self._scores_of(oldest)
        card = self.network.card
        return Scored(
            frame=oldest.frame,
            scores=scores,
            area=filled_area(oldest.frame.size_wh, oldest.shape, card.input),
            align_corners=card.output.align_corners,
            class_names=card.classes,
            made_by=f"{card.name}{'' if self.network.verified else ' (unverified)'} on {describe(oldest.engine)}",
            inference_ms=self._inference_ms,
            way=oldest.plan.way,
        )

    def _scores_of(self, pending: _Pending) -> Scores:
        if pending.plan.way == "infer":
            scores = pending.engine.result()
            self._inference_ms = pending.engine.last_ms
            # Of the frames in flight each takes its share of the time.
            self._propagator.inferred(pending.plan, scores, self._inference_ms / pending.engine.depth)
            return scores
        begun_at = time.perf_counter()
        scores = self._propagator.carried(pending.plan)
        self._propagator.spent((time.perf_counter() - begun_at) * 1000)
        return scores

    def close(self) -> None:
        """Give back every engine."""
        for choice in self._choices.values():
            choice.engine.close()
        self._choices.clear()
        self._blobs.clear()
        self._pending.clear()

    def _graphs(self, size_wh: tuple[int, int]) -> list[Graph]:
        graph = graph_for(self.network, size_wh)
        return [graph, *variant_graphs(self.network, graph)]


def describe(engine: Engine) -> str:
    """An engine as the runtime tells of itself, such as `openvino:cpu:float32`."""
    return f"{engine.name}:{engine.device}:{engine.precision}"

"""A network on an engine: frame in, scores out, at a proven shape of each frame's aspect.

Of several such shapes it is the largest at which the engine keeps the frame rate that is wanted.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from deeplab_cv.engines import Blob, Engine, describe
from deeplab_cv.engines.candidates import backend_names
from deeplab_cv.engines.choice import Choice, choose
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.frame import Frame, Scored, Scores
from deeplab_cv.machine.processor import usable_cores
from deeplab_cv.networks.card import Shape
from deeplab_cv.networks.network import Graph, Network, fitting_shapes, graph_at, variant_graphs
from deeplab_cv.segmentation.preprocess import blob_of, filled_area
from deeplab_cv.segmentation.propagation import Economy, Plan, Propagator
from deeplab_cv.segmentation.sizing import _usual_ms, inference_allowance_ms


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
        pace_fps: float | None = None,
    ) -> None:
        """See `choose` for the engine's threads and depth.

        pace_fps: frames a second to be inferred: smaller input is taken for it where the network is proven at some.
        """
        self.network = network
        self.backend = backend
        self._threads = threads
        self._depth = depth
        self._say = say
        self._economy = economy
        self._pace_fps = pace_fps
        self._propagator = Propagator(economy)
        self._shapes: dict[tuple[Shape, ...], Shape] = {}
        self._too_slow: set[Shape] = set()
        self._choices: dict[Shape, Choice] = {}
        self._blobs: dict[Shape, deque[Blob]] = {}
        self._pending: deque[_Pending] = deque()
        self._inference_ms = 0.0

    def with_backend(self, backend: str) -> "Segmenter":
        """The same network on another engine, not loaded yet."""
        return self._another(self.network, backend)

    def with_network(self, network: Network) -> "Segmenter":
        """Another network with the same wishes for an engine, not loaded yet."""
        return self._another(network, self.backend)

    def prepare(self, size_wh: tuple[int, int]) -> Engine:
        """Load and prove the engine for frames of this size, unless that is done. Raises EngineError."""
        return self._choices[self.shape_for(size_wh)].engine

    def shape_for(self, size_wh: tuple[int, int]) -> Shape:
        """Height and width of the network's input for frames of this size; its engine is ready. Raises EngineError."""
        shapes = tuple(fitting_shapes(self.network.card.shapes, size_wh))
        if shapes not in self._shapes:
            self._shapes[shapes] = self._shape_that_keeps_up(shapes, size_wh)
        return self._shapes[shapes]

    def keeps_pace(self, size_wh: tuple[int, int]) -> bool:
        """The engine is fast enough for frames of this size; True where no rate is wanted. Raises EngineError."""
        return self.shape_for(size_wh) not in self._too_slow

    def backends(self, size_wh: tuple[int, int]) -> list[str]:
        """Every backend of this machine that might run the network, the one at work first."""
        shape = self.shape_for(size_wh)
        names = backend_names(self._graphs(shape))
        at_work = self._choices[shape].candidate.backend
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
        card, shape = self.network.card, self.shape_for(frame.size_wh)
        engine = self._choices[shape].engine
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
            made_by=self._described(oldest),
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
        self._shapes.clear()
        self._too_slow.clear()
        self._blobs.clear()
        self._pending.clear()

    def _another(self, network: Network, backend: str) -> "Segmenter":
        return Segmenter(network, backend, self._threads, self._depth, self._say, self._economy, self._pace_fps)

    def _shape_that_keeps_up(self, shapes: Sequence[Shape], size_wh: tuple[int, int]) -> Shape:
        """The first of these shapes, from large to small, that is fast enough, else the last; its engine is loaded."""
        backend = self.backend
        for shape in shapes:
            choice = self._loaded(shape, backend)
            if self._pace_fps is None or shape in self._shapes.values():
                break
            allowed_ms = inference_allowance_ms(self._pace_fps, size_wh, usable_cores())
            ms = _usual_ms(choice.engine, self._blobs[shape][0], allowed_ms)
            if ms <= allowed_ms:
                break
            if shape == shapes[-1]:
                self._too_slow.add(shape)
                break
            width, height = shape[::-1]
            self._say(f"{ms:.0f} ms a frame at {width}x{height} is too slow for {self._pace_fps:g} frames/s: smaller")
            choice.engine.close()
            del self._choices[shape], self._blobs[shape]
            # What is the fastest at one size is so at another, and is not looked for again.
            backend = choice.candidate.backend
        return shape

    def _loaded(self, shape: Shape, backend: str) -> Choice:
        if shape not in self._choices:
            graphs = self._graphs(shape)
            try:
                choice = choose(graphs, backend, self._threads, self._depth, self._say)
            except EngineError:
                if backend == self.backend:
                    raise
                choice = choose(graphs, self.backend, self._threads, self._depth, self._say)
            self._choices[shape] = choice
            blobs = (np.zeros((1, 3, *shape), np.float32) for _ in range(choice.engine.depth))
            self._blobs[shape] = deque(blobs)
        return self._choices[shape]

    def _graphs(self, shape: Shape) -> list[Graph]:
        graph = graph_at(self.network, shape)
        return [graph, *variant_graphs(self.network, graph)]

    def _described(self, pending: _Pending) -> str:
        height, width = pending.shape
        name = f"{self.network.card.name}{'' if self.network.verified else ' (unverified)'}"
        return f"{name} at {width}x{height} on {describe(pending.engine)}"

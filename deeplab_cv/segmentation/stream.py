"""The frames of one source in order: frame in, scores out, on engines that other streams may share."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from types import TracebackType

import numpy as np
from typing_extensions import Self

from deeplab_cv.engines.engine import Blob
from deeplab_cv.engines.shared import Request
from deeplab_cv.frames.frame import Frame, Scored, Scores
from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.network_engines import LoadedEngine, NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.preprocess import blob_of, filled_area
from deeplab_cv.segmentation.propagation import FramePlan, Propagator

EVERY_FRAME = PaceOptions()
"""Every frame is inferred."""

_numbers = count()


@dataclass(frozen=True)
class _Pending:
    frame: Frame
    loaded: LoadedEngine
    plan: FramePlan
    request: Request | None


class Stream:
    """The frames in flight of one source, and what is remembered of those before; to be used by one thread at a time.

    Attributes:
        engines: the network's engines.
        pace: which frames are inferred.
        begun: a frame has been handed in.
    """

    def __init__(
        self,
        engines: NetworkEngines,
        pace: PaceOptions = EVERY_FRAME,
        *,
        closes_engines: bool = False,
        shared_by: int = 1,
        left: Callable[[], None] | None = None,
    ) -> None:
        """No frame is in flight yet.

        Args:
            engines: the network's engines.
            pace: which frames are inferred.
            closes_engines: no other stream uses them, so they are closed with this one.
            shared_by: how many streams take turns on them, this one among them.
            left: called once, when it is closed: it uses the engines no longer.
        """
        self.engines = engines
        self.pace = pace
        self._closes_engines = closes_engines
        self._shared_by = shared_by
        self._left = left
        self._propagator = Propagator(pace)
        self._pending: deque[_Pending] = deque()
        self._blobs: dict[Size, deque[Blob]] = {}
        self._inference_ms = 0.0
        self.begun = False
        self._number = next(_numbers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def on_engines(self, engines: NetworkEngines) -> "Stream":
        """A stream that infers as many frames as this one does, on engines of its own."""
        return Stream(engines, self.pace, closes_engines=True)

    @property
    def full(self) -> bool:
        """As many frames are in flight as the engine takes: ask for a result before submitting another."""
        return bool(self._pending) and len(self._pending) >= self._pending[-1].loaded.shared.engine.depth

    @property
    def empty(self) -> bool:
        """No frame is in flight."""
        return not self._pending

    def submit(self, frame: Frame) -> None:
        """Hand in a frame; the first of a size loads its engine, unless `engines.load` has. Raises EngineError."""
        if self.full:
            raise ValueError("expected a result to be asked for before another frame is submitted")
        self.begun = True
        facts, loaded = self.engines.network.card.input, self.engines.load(frame.size)
        plan = self._propagator.plan(frame, loaded.input_size, filled_area(frame.size, loaded.input_size, facts))
        request = None
        if plan.origin == "inferred":
            blob = self._free_blob(loaded)
            blob_of(frame.pixels, loaded.input_size, facts, blob)
            request = loaded.shared.submit(blob)
        self._pending.append(_Pending(frame, loaded, plan, request))

    def result(self) -> Scored:
        """The scores of the oldest frame in flight. Raises EngineError."""
        oldest = self._pending.popleft()
        scores = self._scores_of(oldest)
        card = self.engines.network.card
        return Scored(
            frame=oldest.frame,
            scores=scores,
            area=filled_area(oldest.frame.size, oldest.loaded.input_size, card.input),
            align_corners=card.output.align_corners,
            class_names=card.classes,
            made_by=oldest.loaded.made_by,
            inference_ms=self._inference_ms,
            origin=oldest.plan.origin,
            stream=self._number,
        )

    def begin_anew(self) -> None:
        """Forget the frames before, once none is in flight: the next one does not follow them."""
        self._propagator = Propagator(self.pace)
        self._number = next(_numbers)

    def score(self, frame: Frame) -> Scored:
        """One frame alone, when no other is in flight. Raises EngineError."""
        if self._pending:
            raise ValueError("expected no frame in flight")
        self.submit(frame)
        return self.result()

    def close(self) -> None:
        """Forget the frames in flight, and close the engines where they are this stream's own. Safe to call twice."""
        self._pending.clear()
        self._blobs.clear()
        left, self._left = self._left, None
        if left is not None:
            left()
        if self._closes_engines:
            self.engines.close()

    def _free_blob(self, loaded: LoadedEngine) -> Blob:
        """The tensor that was handed in longest ago: its scores have been fetched."""
        if loaded.input_size not in self._blobs:
            count = loaded.shared.engine.depth
            self._blobs[loaded.input_size] = deque(
                np.zeros((1, 3, *loaded.input_size.hw), np.float32) for _ in range(count)
            )
        blobs = self._blobs[loaded.input_size]
        blobs.rotate(-1)
        return blobs[-1]

    def _scores_of(self, pending: _Pending) -> Scores:
        if pending.request is not None:
            shared = pending.loaded.shared
            inference = shared.result(pending.request)
            self._inference_ms = inference.ms
            # Of the frames in flight each takes its share of the time, and the other streams have theirs.
            every_ms = inference.ms / shared.engine.depth * self._shared_by
            self._propagator.inferred(pending.plan, inference.scores, every_ms)
            return inference.scores
        begun_at = time.perf_counter()
        scores = self._propagator.carried(pending.plan)
        self._propagator.spent((time.perf_counter() - begun_at) * 1000)
        return scores

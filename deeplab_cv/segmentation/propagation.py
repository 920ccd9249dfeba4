"""Which frames are inferred, and where the others get their scores.

Between two inferences the scores follow the picture by optical flow (`--carry`); where the picture stands still they
stay what they are (`--still`). Sources: Zhu et al., "Deep feature flow for video recognition", 2017 (key frames and
flow); Kroeger et al., "Fast optical flow using dense inverse search", 2016 (the flow).
"""

import math
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

import cv2

from deeplab_cv.frames.frame import Area, Frame, Origin, Scores
from deeplab_cv.frames.pixels import Image, to_grey
from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.following import cell_origins, moved_scores
from deeplab_cv.segmentation.motion import CUT, changes_between, thumbnail_of
from deeplab_cv.segmentation.options import PaceOptions

MOST_CARRIED = 8
"""Frames between two inferences at most when the rate decides: further apart flow loses what turns or appears."""

_THUMBNAIL_WIDTH = 256
_PIXELS_PER_CELL = 8
_LONGEST_STILL_S = Fraction(1)
_MEASURED = 9
_SHARE_FOR_INFERENCE = 0.8
"""Of a frame's time; the rest is left to labels, paint and the window.

Another share than the one in sizing.py, since it answers another question: there an engine is measured alone, before
the run, so that what the other threads will take from it has to be guessed; here its times are those of the run.
"""


@dataclass(frozen=True)
class FramePlan:
    """How one frame gets its scores.

    Attributes:
        origin: from the network, along the flow, or as they were.
        thumbnail: the frame at the size in which pictures are compared; None where nothing is spared.
    """

    origin: Origin
    thumbnail: Image | None


class Propagator:
    """Decides for each frame whether it is inferred, and gives those that are not their scores.

    Frames come in order, each first to `plan`, and later, in the same order, to `inferred` or `carried`.
    """

    def __init__(self, pace: PaceOptions) -> None:
        self._pace = pace
        self._infers_all = pace == PaceOptions()
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._since_inference = 0
        self._planned: tuple[Frame, Image] | None = None
        self._last: tuple[Frame, Image] | None = None
        self._key: tuple[Scores, Image] | None = None
        self._infer_ms: deque[float] = deque(maxlen=_MEASURED)
        self._carry_ms: deque[float] = deque(maxlen=_MEASURED)

    @property
    def frames_per_inference(self) -> int:
        """Of how many frames one is inferred now."""
        wanted, every = self._pace.target_fps, self._pace.carry
        if wanted is None or not self._infer_ms:
            return every
        carry_ms = median(self._carry_ms) if self._carry_ms else 0.0
        return max(every, frames_per_inference(wanted, median(self._infer_ms), carry_ms))

    def plan(self, frame: Frame, input_size: Size, area: Area) -> FramePlan:
        """How this frame gets its scores.

        Args:
            frame: the frame.
            input_size: of the network, in pixels.
            area: the part of the input that the frame fills.
        """
        if self._infers_all:
            return FramePlan("inferred", None)
        width, height = input_size
        cells = max(1, round(_THUMBNAIL_WIDTH / _PIXELS_PER_CELL * height / width))
        thumbnail = thumbnail_of(frame.image, area, Size(_THUMBNAIL_WIDTH, cells * _PIXELS_PER_CELL))
        origin = self._origin(frame, thumbnail)
        self._since_inference = 1 if origin == "inferred" else self._since_inference + 1
        if origin == "inferred":
            self._planned = frame, thumbnail
        self._last = frame, thumbnail
        return FramePlan(origin, thumbnail)

    def inferred(self, plan: FramePlan, scores: Scores, ms: float) -> None:
        """Keep the scores of an inferred frame; one such frame comes every `ms` milliseconds if all are inferred."""
        if plan.thumbnail is not None:
            self._key = scores, plan.thumbnail
            self._infer_ms.append(ms)

    def carried(self, plan: FramePlan) -> Scores:
        """The scores of a frame that is not inferred: float32 (classes, h, w)."""
        if self._key is None or plan.thumbnail is None:
            raise ValueError("a frame was to be carried before any was inferred")
        scores, key_thumbnail = self._key
        return scores if plan.origin == "kept" else self._along_flow(scores, plan.thumbnail, key_thumbnail)

    def spent(self, ms: float) -> None:
        """Note how long carrying one frame took, in milliseconds."""
        self._carry_ms.append(ms)

    def _origin(self, frame: Frame, thumbnail: Image) -> Origin:
        if self._planned is None or self._last is None:
            return "inferred"
        inferred_frame, inferred_thumbnail = self._planned
        last_frame, last_thumbnail = self._last
        if not (thumbnail.shape == last_thumbnail.shape and frame.size == last_frame.size):
            return "inferred"
        neighbours = frame.name == last_frame.name and frame.seeks == last_frame.seeks
        if not neighbours or frame.time_s <= last_frame.time_s:
            return "inferred"
        if self._pace.still and frame.time_s - inferred_frame.time_s < _LONGEST_STILL_S:
            since_inference = changes_between(thumbnail, inferred_thumbnail, _PIXELS_PER_CELL)
            if float(since_inference.max()) <= self._pace.still:
                return "kept"
        cut = float(changes_between(thumbnail, last_thumbnail, _PIXELS_PER_CELL).mean()) >= CUT
        return "inferred" if cut or self._since_inference >= self.frames_per_inference else "carried"

    def _along_flow(self, scores: Scores, thumbnail: Image, key_thumbnail: Image) -> Scores:
        """Each cell's scores from where it was in the inferred frame."""
        flow = self._flow.calc(to_grey(thumbnail), to_grey(key_thumbnail), None)  # type: ignore[call-overload]
        return moved_scores(scores, cell_origins(flow, Size.of(scores[0])))


def frames_per_inference(target_fps: float, infer_ms: float, carry_ms: float) -> int:
    """Of how many frames one must be inferred for a rate; at most MOST_CARRIED.

    Args:
        target_fps: the rate.
        infer_ms: milliseconds that an inferred frame takes.
        carry_ms: milliseconds that a carried frame takes.
    """
    frame_ms = _SHARE_FOR_INFERENCE * 1000 / target_fps
    if infer_ms <= frame_ms:
        return 1
    if carry_ms >= frame_ms:
        return MOST_CARRIED
    return min(MOST_CARRIED, math.ceil((infer_ms - carry_ms) / (frame_ms - carry_ms)))

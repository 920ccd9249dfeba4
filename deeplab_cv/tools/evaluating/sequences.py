"""Videos with a mask for each frame, segmented in order as a video job does: how right, and how calmly so.

Error churn: pixels whose being wrong changes from one frame to the next, for each pixel of the object. What is always
wrong in the same way does not count in a still picture, but does where it moves with the object; so the same is counted
along the motion as well, over the pixels that optical flow can follow.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic

import cv2
import numpy as np
import numpy.typing as npt

from deeplab_cv.classes import IGNORE
from deeplab_cv.errors import DataError
from deeplab_cv.frames.frame import Frame, Labels
from deeplab_cv.frames.pixels import Pixels, resize, to_bgr
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.network import Network
from deeplab_cv.segmentation.labels import labels_of
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.smoothing import ScoreSmoother
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.tools.data.records import Mask, Record, read_mask, read_pair
from deeplab_cv.tools.evaluating.accuracy import accuracy, confusion_matrix
from deeplab_cv.tools.evaluating.boundary import boundary_scores
from deeplab_cv.tools.evaluating.counted import against_rest, counted
from deeplab_cv.tools.evaluating.stability import PixelFollower, before, compared_size

FRAME_S = Fraction(1, 25)
"""Between two frames: lists of pictures do not say."""

_UNKNOWN = 2
"""Of a pixel, beside right (0) and wrong (1)."""

_NUMBER = re.compile(r"[_.-]?\d+$")


@dataclass(frozen=True)
class Steadiness:
    """The figures of one way of segmenting a sequence.

    Attributes:
        smooth: weight of earlier scores; 0 is off.
        iou: of each class that its masks have, by number, against all the rest.
        boundary_f: the mean over these classes and all frames.
        error_churn: for each pixel of the object.
        followed_churn: the same along the motion.
    """

    smooth: float
    iou: dict[int, float]
    boundary_f: float
    error_churn: float
    followed_churn: float


@dataclass(frozen=True)
class SequenceEvaluation:
    """What was measured on one sequence.

    Attributes:
        name: what its frames' names have in common.
        engine: the engine that ran, by its own word.
        carry: one frame in so many was inferred.
        ways: without smoothing, and with it.
    """

    network: Network
    name: str
    engine: str
    frames: int
    carry: int
    ways: tuple[Steadiness, ...]


def sequences_of(records: Sequence[Record]) -> dict[str, list[Record]]:
    """The frames of each sequence, NAME_00000, NAME_00001 ..., by NAME and in their order. Raises DataError."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(_NUMBER.sub("", record.name), []).append(record)
    for name, frames in found.items():
        if len(frames) < 2:
            remedy = "frames are named NAME_00000, NAME_00001 and so on; or leave out --sequences"
            raise DataError(f"'{name}' is one frame and no sequence", frames[0].picture, remedy)
    return found


def evaluate_sequence(
    network: Network,
    engines: NetworkEngines,
    frames: Sequence[Record],
    *,
    name: str,
    pace: PaceOptions,
    weights: Sequence[float],
    progress: Callable[[], None],
) -> SequenceEvaluation:
    """Segment the frames of a sequence in order, and compare labels and masks.

    Args:
        network: the masks hold its labels.
        engines: those it runs on; they stay open.
        frames: all of one size.
        name: of the sequence.
        pace: which frames are inferred.
        weights: the smoothing's weights of earlier scores, each measured on the same scores; 0 is off.
        progress: called after every frame.

    Raises:
        DataError: a picture or mask is wrong, or no mask has an object.
        EngineError: the engine fails.
    """
    class_count = len(network.card.classes)
    classes = _classes_of(frames, class_count)
    table = against_rest(classes)
    judges = [_Judge(classes, class_count) for _ in weights]
    smoothers = [ScoreSmoother() for _ in weights]
    follower = PixelFollower()
    stream = Stream(engines, pace)
    engine, size = "", None
    for index, record in enumerate(frames):
        picture, mask = read_pair(record, class_count)
        image = to_bgr(picture)
        frame = Frame(Pixels(image=image), index, index, FRAME_S, monotonic())
        if size not in (None, frame.size):
            raise DataError(f"a frame is {frame.size}, those before it {size}", record.picture, "take it off the list")
        size = frame.size
        engine = engines.load(size).name
        scored = stream.score(frame)
        path = follower.follow(resize(image, compared_size(size), cv2.INTER_AREA))
        for judge, smoother, weight in zip(judges, smoothers, weights, strict=True):
            labels = labels_of(smoother.smoothed(scored, weight))
            judge.add(counted(labels, table), counted(mask, table), path)
        progress()
    ways = tuple(judge.steadiness(weight) for judge, weight in zip(judges, weights, strict=True))
    return SequenceEvaluation(network, name, engine, len(frames), pace.carry, ways)


def _classes_of(frames: Sequence[Record], class_count: int) -> tuple[int, ...]:
    """The classes other than 0 that the masks have. Raises DataError where there is none."""
    met = np.zeros(256, np.bool_)
    for record in frames:
        met[np.unique(read_mask(record, class_count))] = True
    classes = tuple(int(label) for label in np.flatnonzero(met) if label not in (0, IGNORE))
    if not classes:
        raise DataError("no mask of a sequence has an object", frames[0].mask, "draw one, or take it off the list")
    return classes


class _Judge:
    """Counts over the frames of one sequence, segmented in one way."""

    def __init__(self, classes: tuple[int, ...], class_count: int) -> None:
        self._classes, self._class_count = classes, class_count
        self._confusion = np.zeros((class_count, class_count), np.int64)
        self._boundary: list[float] = []
        self._states: Labels | None = None
        self._changes = self._pixels = 0
        self._followed_changes = 0.0

    def add(
        self, labels: Labels, mask: Mask, path: tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]] | None
    ) -> None:
        """Take the next frame, with the path of its pixels as `PixelFollower.follow` gives it."""
        self._confusion += confusion_matrix(mask, labels, self._class_count)
        scores = boundary_scores(mask, labels, self._class_count)[list(self._classes)]
        self._boundary += scores[~np.isnan(scores)].tolist()
        states = np.where(mask == IGNORE, _UNKNOWN, (labels != mask).astype(np.uint8)).astype(np.uint8)
        if self._states is not None and path is not None:
            source, followed = path
            small, small_before = (
                resize(each, Size.of(followed), cv2.INTER_NEAREST) for each in (states, self._states)
            )
            self._pixels += int(np.isin(mask, self._classes).sum())
            self._changes += int(_changed(states, self._states).sum())
            share = states.size / small.size
            self._followed_changes += share * int((_changed(small, before(small_before, source)) & followed).sum())
        self._states = states

    def steadiness(self, smooth: float) -> Steadiness:
        """The figures of all frames so far."""
        iou = accuracy(self._confusion).iou
        pixels = max(1, self._pixels)
        return Steadiness(
            smooth,
            {label: iou[label] for label in self._classes},
            float(np.mean(self._boundary)) if self._boundary else float("nan"),
            self._changes / pixels,
            self._followed_changes / pixels,
        )


def _changed(states: Labels, earlier: Labels) -> npt.NDArray[np.bool_]:
    """Where right became wrong or wrong right, of what is known in both frames."""
    changed: npt.NDArray[np.bool_] = (states != earlier) & (states != _UNKNOWN) & (earlier != _UNKNOWN)
    return changed

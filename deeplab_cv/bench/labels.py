"""Labels at frame size: what they cost by size of frame and number of classes, against upsampling and argmax."""

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.bench import BenchPlan, Measurement, Row
from deeplab_cv.bench.instruments.clips import clip_at
from deeplab_cv.bench.instruments.turns import Work, costs_in_turns, spread_of
from deeplab_cv.frames.frame import Labels, Scores
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sources.video import VideoSource

_CLASS_COUNTS = (2, 21, 60, 150)
"""People and background, VOC, PASCAL Context, ADE20K."""
_HEIGHTS = (480, 720, 1080, 2160)
_USUAL_HEIGHT = 720
_ASPECT = 16 / 9


def measure(plan: BenchPlan) -> Measurement:
    """A row for each size of frame with the network's classes, and for each number of classes. Raises UserError."""
    scores, align_corners = _network_scores(plan)
    cases = [(scores, height) for height in _HEIGHTS if height in plan.heights]
    cases += [(_with_classes(scores, count), _USUAL_HEIGHT) for count in _CLASS_COUNTS if count != len(scores)]
    rows = tuple(_row(plan, case, height, align_corners=align_corners) for case, height in cases)
    remarks = (
        "scores of the network on the clip; further classes are its own planes shifted and lowered",
        "upsample, argmax: cv2.resize of every plane, the fastest there is, then NumPy's argmax",
        "identical: to every class interpolated at every pixel in float32; cv2.resize rounds its weights",
    )
    return Measurement("labels", "scores to labels at frame size, milliseconds", rows, remarks)


def plain_labels(scores_chw: Scores, size: Size) -> Labels:
    """Every plane interpolated to the frame's size, then the greatest: what scripts do. Returns uint8 (H, W)."""
    planes = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in scores_chw]
    return np.asarray(np.argmax(np.stack(planes), axis=0), np.uint8)


def exact_labels(scores_chw: Scores, size: Size, *, align_corners: bool) -> Labels:
    """Every class interpolated bilinearly at every pixel in float32, then the greatest. Returns uint8 (H, W)."""
    (above, below, down), (before, after, across) = (
        _neighbours(pixels, count, align_corners=align_corners)
        for pixels, count in zip(size.hw, scores_chw.shape[1:], strict=True)
    )
    planes = []
    for plane in scores_chw.astype(np.float32):
        rows = plane[above] + (plane[below] - plane[above]) * down[:, None]
        planes.append(rows[:, before] + (rows[:, after] - rows[:, before]) * across)
    return np.asarray(np.argmax(np.stack(planes), axis=0), np.uint8)


def _neighbours(
    pixels: int, count: int, *, align_corners: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For each pixel along an axis the two scores it lies between, and the weight of the second."""
    index = np.arange(pixels)
    position = index * (count - 1) / max(pixels - 1, 1) if align_corners else (index + 0.5) * count / pixels - 0.5
    first = np.floor(position).astype(np.intp)
    weight = (position - first).astype(np.float32)
    return np.clip(first, 0, count - 1), np.clip(first + 1, 0, count - 1), weight


def _network_scores(plan: BenchPlan) -> tuple[Scores, bool]:
    network = wanted_network(plan.network)
    with VideoSource(clip_at(plan.clip, _USUAL_HEIGHT)) as source:
        frame = source.read()
    if frame is None:
        raise ValueError("a video source without a first frame")
    with NetworkEngines(network, plan.engine) as engines:
        return Stream(engines).score(frame).scores, network.card.output.align_corners


def _with_classes(scores: Scores, count: int) -> Scores:
    """As many planes as asked for: fewer of the network's, or more, that win now and then."""
    rows, columns = scores.shape[1:]
    more = [
        np.roll(scores[place % len(scores)], (place * rows // 7, place * columns // 5), axis=(0, 1)) - np.float32(1)
        for place in range(len(scores), count)
    ]
    return np.stack([*scores[:count], *more])


def _row(plan: BenchPlan, scores: Scores, height: int, *, align_corners: bool) -> Row:
    size = Size(round(height * _ASPECT / 2) * 2, height)
    works = {
        "ours": Work(lambda: _discard(labels_at(scores, size, align_corners=align_corners))),
        "plain": Work(lambda: _discard(plain_labels(scores, size))),
    }
    costs_in_turns(works, 1)
    costs = costs_in_turns(works, max(3, plan.rounds))
    ours, plain = (spread_of(cost.processor_ms for cost in costs[name]) for name in ("ours", "plain"))
    exact = exact_labels(scores, size, align_corners=align_corners)
    return {
        "frame": str(size),
        "classes": len(scores),
        "ours": ours,
        "upsample, argmax": plain,
        "times faster": plain.median / ours.median,
        "identical": "yes" if (labels_at(scores, size, align_corners=align_corners) == exact).all() else "no",
    }


def _discard(labels: Labels) -> None:
    """A result that is only timed."""

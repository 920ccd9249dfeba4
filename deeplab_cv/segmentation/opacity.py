"""How opaque each pixel of a cut-out is: soft along its edges, the softer the less sure the scores are there."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.frames.frame import Labels, Scored
from deeplab_cv.frames.pixels import Plane
from deeplab_cv.segmentation.labels import positions

_UNSURE = 1.0
"""A lead in scores that is far from certain: its class has a probability of 0.73 against the next one's 0.27."""

# Half the width of an edge, in pixels of a picture of 480 lines, and in whole pixels of any picture.
_NARROWEST, _WIDEST = 1.0, 3.0
_LINES = 480
_LEAST_PIXELS = 0.5

_HALF = 128
"""The least opacity of a pixel that belongs to the cut-out; those outside have less."""


def opacity_of(scored: Scored, labels: Labels, classes: Iterable[int]) -> Plane:
    """255 inside these classes, 0 outside, and values between along their edges: uint8 (H, W).

    A pixel has 128 and more just where its label is one of the classes. How wide an edge is follows from how quickly
    the scores change across it, within bounds, so that what the network is unsure of inside an object does not become
    transparent.

    Args:
        scored: the frame's scores.
        labels: those of the same scores.
        classes: their numbers.
    """
    wanted = np.zeros(256, np.uint8)
    wanted[list(classes)] = 255
    opacity = np.asarray(cv2.LUT(labels, wanted), np.uint8)
    lines = labels.shape[0] / _LINES
    narrowest, widest = max(_LEAST_PIXELS, _NARROWEST * lines), max(_LEAST_PIXELS, _WIDEST * lines)
    edge = np.flatnonzero(_around_edges(opacity, 2 * int(np.ceil(widest)) + 1) != 0)
    if not len(edge):
        return opacity
    lead = _lead_at(scored, labels, wanted[: len(scored.scores)] > 0, edge)
    # Where scores neither lead nor change there is no edge to be near to: the label alone counts.
    half_width = np.clip(_UNSURE / np.maximum(lead.slope, 1e-9), narrowest, widest)
    distance = lead.value / np.maximum(lead.slope, 1e-9)
    soft = np.rint(np.clip(0.5 + distance / (2 * half_width), 0, 1) * 255).astype(np.uint8)
    inside = opacity.take(edge) > 0
    opacity.put(edge, np.where(inside, np.maximum(soft, _HALF), np.minimum(soft, _HALF - 1)))
    return opacity


@dataclass(frozen=True)
class _Lead:
    """How far the best class of a cut-out leads the best of all others at some pixels.

    Attributes:
        value: float32 (pixels,), negative where another class leads.
        slope: float32 (pixels,), by how much it changes from one pixel to the next, in the direction of most change.
    """

    value: NDArray[np.float32]
    slope: NDArray[np.float32]


def _around_edges(opacity: Plane, size: int) -> Plane:
    """Not 0 where both 0 and 255 lie in the square of `size` pixels around a pixel."""
    return np.asarray(cv2.morphologyEx(opacity, cv2.MORPH_GRADIENT, np.ones((size, size), np.uint8)), np.uint8)


def _lead_at(scored: Scored, labels: Labels, wanted: NDArray[np.bool_], pixels: NDArray[np.intp]) -> _Lead:
    """The lead of the `wanted` classes, bool (classes,), at pixels that are counted through all rows."""
    scores = np.asarray(scored.scores, np.float32)
    lead = scores[wanted].max(axis=0) - scores[~wanted].max(axis=0)
    (rows, columns), (height, width), area = lead.shape, labels.shape, scored.area
    down, across = _change(lead, 0) * (rows * area.height / height), _change(lead, 1) * (columns * area.width / width)
    y, x = np.divmod(pixels, width)
    y_at = positions(height, rows, align_corners=scored.align_corners, start=area.top, extent=area.height).take(y)
    x_at = positions(width, columns, align_corners=scored.align_corners, start=area.left, extent=area.width).take(x)
    value, slope = _interpolated(np.stack([lead, np.hypot(down, across)]), y_at, x_at)
    return _Lead(value, slope)


def _change(plane: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """By how much a plane changes from one sample to the next along an axis, the mean of both sides."""
    return np.asarray(np.gradient(plane, axis=axis) if plane.shape[axis] > 1 else np.zeros_like(plane))


def _interpolated(
    planes: NDArray[np.float32], y_at: NDArray[np.float64], x_at: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Planes (planes, h, w) at places between their samples, beyond which they stay what they are: (planes, places)."""
    rows, columns = planes.shape[1:]
    top, left = np.floor(y_at).astype(np.intp), np.floor(x_at).astype(np.intp)
    down, across = (y_at - top).astype(np.float32), (x_at - left).astype(np.float32)
    above, below = (np.clip(top + step, 0, rows - 1) * columns for step in (0, 1))
    before, behind = (np.clip(left + step, 0, columns - 1) for step in (0, 1))
    flat = planes.reshape(len(planes), -1)
    upper = flat.take(above + before, axis=1) * (1 - across) + flat.take(above + behind, axis=1) * across
    lower = flat.take(below + before, axis=1) * (1 - across) + flat.take(below + behind, axis=1) * across
    return np.asarray(upper * (1 - down) + lower * down)

"""Scores at the head's stride -> labels at the frame's size, exactly and cheaply.

A pixel lies in a cell of four neighbouring scores, and what is interpolated there lies between the cell's smallest and
greatest score. So a class whose greatest is below another class's smallest cannot win in that cell. In most cells one
class is left, which fills the cell at once; only in the others, where classes meet, is anything interpolated. The
labels are those of interpolating every class everywhere, bit for bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.errors import EngineError
from deeplab_cv.frame import Area, Labels, Scores

# Two interpolations of three roundings each, of values up to the greatest score: less than 16 units in the last place
# of it on either side of the bound.
_ROUNDING = 32 * float(np.finfo(np.float32).eps)
_SMALLEST = float(np.finfo(np.float32).tiny)
_GREATEST = 1e37
_PIXELS_AT_ONCE = 1 << 16
_ROWS_AT_ONCE = 512
"""calcHist counts in float32, exact up to 16 million pixels: 512 rows of the widest frame there is."""

WHOLE_INPUT = Area()


def labels_at(scores_chw: Scores, size_wh: tuple[int, int], align_corners: bool, area: Area = WHOLE_INPUT) -> Labels:
    """The class of each pixel: scores interpolated bilinearly straight to the frame's size, then the greatest.

    scores_chw: float32 (classes, h, w), up to 256 classes; returns uint8 (H, W). Of equal scores the lowest class
    number wins. align_corners is PyTorch's word: the centres of the corner pixels coincide, instead of their corners.
    Raises EngineError if a score is no number.
    """
    if scores_chw.ndim != 3 or not 1 <= len(scores_chw) <= 256:
        raise ValueError(f"expected scores (1..256 classes, h, w), got {scores_chw.shape}")
    scores = np.asarray(scores_chw, np.float32)
    magnitude = max(float(scores.max()), -float(scores.min()))
    if not magnitude < _GREATEST:
        raise EngineError("the engine's scores are no numbers", f"greatest {magnitude}", "try another --backend")
    width, height = size_wh
    rows = _axis(height, scores.shape[1], align_corners, area.top, area.height)
    columns = _axis(width, scores.shape[2], align_corners, area.left, area.width)
    corners = np.pad(scores, ((0, 0), (1, 1), (1, 1)), "edge")[:, rows.corners, columns.corners]

    can_win = _candidates(corners, magnitude * _ROUNDING + _SMALLEST)
    class_numbers = np.arange(len(scores), dtype=np.uint8)[:, None, None]
    last_candidate = (can_win * class_numbers).max(axis=0)
    labels: Labels = last_candidate[:, columns.cell][rows.cell]
    candidate_count = can_win.sum(axis=0, dtype=np.uint16)
    candidate_count *= (rows.length[:, None] > 0) & (columns.length > 0)
    for count in range(2, int(candidate_count.max()) + 1):
        cells_yx = np.argwhere(candidate_count == count)
        classes = np.nonzero(can_win[:, cells_yx[:, 0], cells_yx[:, 1]].T)[1].reshape(-1, count)
        for part in _parts(len(cells_yx), rows.longest * columns.longest):
            _fill_cells(labels, corners, cells_yx[part], classes[part], rows, columns)
    return labels


def class_areas(labels: Labels, class_count: int) -> NDArray[np.int64]:
    """How many pixels each class fills: labels uint8 (H, W) -> int64 (class_count,)."""
    # Most of most pictures is background, and only what is not needs to be told apart.
    left, top, width, height = cv2.boundingRect(labels)
    areas = np.zeros(class_count, np.int64)
    areas[0] = labels.size - width * height
    for first in range(top, top + height, _ROWS_AT_ONCE):
        part = labels[first : min(first + _ROWS_AT_ONCE, top + height), left : left + width]
        areas += cv2.calcHist([part], [0], None, [class_count], [0, class_count]).ravel().astype(np.int64)
    return areas


def class_shares(labels: Labels, class_count: int) -> NDArray[np.float64]:
    """The share of the picture each class fills: labels uint8 (H, W) -> float64 (class_count,), summing to 1."""
    shares: NDArray[np.float64] = class_areas(labels, class_count) / labels.size
    return shares


@dataclass(frozen=True)
class _Axis:
    """How the frame's pixels along one axis lie among the scores; cell i lies between corners i and i + 1.

    Attributes:
        corners: the padded scores (one more at either end, equal to the last, so that beyond the outermost centres
            the score stays what it is) that the frame reaches.
        cell: the cell of each pixel.
        way: how far the pixel lies from its cell's first corner to the second, 0..1, float32.
        first: the first pixel of each cell.
        length: the number of pixels of each cell.
        longest: the greatest of these.
    """

    corners: slice
    cell: NDArray[np.intp]
    way: NDArray[np.float32]
    first: NDArray[np.intp]
    length: NDArray[np.intp]
    longest: int


@lru_cache(maxsize=8)
def _axis(pixels: int, scores: int, align_corners: bool, start: float, extent: float) -> _Axis:
    index = np.arange(pixels)
    if align_corners:
        position = (start + extent * index / max(pixels - 1, 1)) * (scores - 1)
    else:
        position = (start + extent * (index + 0.5) / pixels) * scores - 0.5
    before = np.floor(position).astype(np.intp)
    way = (position - before).astype(np.float32)
    cell = before - before[0]
    length = np.bincount(cell)
    first = np.cumsum(length) - length
    corners = slice(int(before[0]) + 1, int(before[-1]) + 3)
    return _Axis(corners, cell, way, first, length, int(length.max()))


def _candidates(corners: NDArray[np.float32], slack: float) -> NDArray[np.bool_]:
    """Which classes can win in which cell: (classes, h + 1, w + 1) corners -> (classes, h, w) cells."""
    low = np.minimum(corners[:, :-1], corners[:, 1:])
    low = np.minimum(low[:, :, :-1], low[:, :, 1:])
    high = np.maximum(corners[:, :-1], corners[:, 1:])
    high = np.maximum(high[:, :, :-1], high[:, :, 1:])
    can_win: NDArray[np.bool_] = high >= low.max(axis=0) - np.float32(slack)
    return can_win


def _parts(cells: int, pixels_per_cell: int) -> Iterator[slice]:
    """Slices of a list of cells, each of few enough pixels to stay in the processor's cache."""
    step = max(1, _PIXELS_AT_ONCE // pixels_per_cell)
    return (slice(at, at + step) for at in range(0, cells, step))


def _fill_cells(
    labels: Labels,
    corners: NDArray[np.float32],
    cells_yx: NDArray[np.intp],
    classes: NDArray[np.intp],
    rows: _Axis,
    columns: _Axis,
) -> None:
    """Interpolate the classes that can win in these cells and write the winners.

    cells_yx: (n, 2); classes: (n, candidates), ascending in each row.
    """
    y, x = cells_yx.T[:, :, None]
    top_left, top_right = corners[classes, y, x], corners[classes, y, x + 1]
    bottom_left, bottom_right = corners[classes, y + 1, x], corners[classes, y + 1, x + 1]
    # Shorter cells than the longest repeat their last pixel, so that all have one shape.
    pixel_y = rows.first[y] + np.minimum(np.arange(rows.longest), rows.length[y] - 1)
    pixel_x = columns.first[x] + np.minimum(np.arange(columns.longest), columns.length[x] - 1)
    down, across = rows.way[pixel_y][:, None, :], columns.way[pixel_x][:, None, :]

    left = top_left[:, :, None] + (bottom_left - top_left)[:, :, None] * down
    right = top_right[:, :, None] + (bottom_right - top_right)[:, :, None] * down
    slope = right - left
    greatest = left[:, 0, :, None] + slope[:, 0, :, None] * across
    winner = np.empty(greatest.shape, np.uint8)
    winner[:] = classes[:, 0, None, None]
    for k in range(1, classes.shape[1]):
        value = left[:, k, :, None] + slope[:, k, :, None] * across
        np.copyto(winner, classes[:, k, None, None].astype(np.uint8), where=value > greatest)
        np.maximum(greatest, value, out=greatest)
    labels[pixel_y[:, :, None], pixel_x[:, None, :]] = winner

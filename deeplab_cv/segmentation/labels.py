"""Scores at the head's stride -> labels at the frame's size, exactly and cheaply.

A pixel lies in a cell of four neighbouring scores, and what is interpolated there lies between the cell's smallest and
greatest score. So a class whose greatest is below another class's smallest cannot win in that cell. In most cells one
class is left, which fills the cell at once; only in the others, where classes meet, is anything interpolated. The
labels are those of interpolating every class everywhere, bit for bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from deeplab_cv.errors import EngineError
from deeplab_cv.frames.frame import WHOLE_INPUT, Area, Labels, Scored, Scores
from deeplab_cv.frames.size import Size

# Two interpolations of three roundings each, of values up to the greatest score: less than 16 units in the last place
# of it on either side of the bound.
_ROUNDING = 32 * float(np.finfo(np.float32).eps)
_SMALLEST = float(np.finfo(np.float32).tiny)
_GREATEST = 1e37
_PIXELS_AT_ONCE = 1 << 15


def labels_at(scores_chw: Scores, size: Size, *, align_corners: bool, area: Area = WHOLE_INPUT) -> Labels:
    """The class of each pixel: scores interpolated bilinearly straight to the frame's size, then the greatest.

    Args:
        scores_chw: float32 (classes, h, w), up to 256 classes.
        size: of the frame.
        align_corners: PyTorch's word: the centres of the corner pixels coincide, instead of their corners.
        area: the part of the network's input that the frame fills.

    Returns:
        uint8 (H, W); of equal scores the lowest class number wins.

    Raises:
        ValueError: a score is no number.
    """
    if scores_chw.ndim != 3 or not 1 <= len(scores_chw) <= 256:
        raise ValueError(f"expected scores (1..256 classes, h, w), got {scores_chw.shape}")
    scores = np.asarray(scores_chw, np.float32)
    greatest, smallest = scores.max(axis=(1, 2)), scores.min(axis=(1, 2))
    magnitude = max(float(greatest.max()), -float(smallest.min()))
    if not magnitude < _GREATEST:
        raise ValueError(f"expected scores that are numbers, got a greatest of {magnitude}")
    slack = np.float32(magnitude * _ROUNDING + _SMALLEST)
    width, height = size
    rows = _axis(height, scores.shape[1], align_corners=align_corners, start=area.top, extent=area.height)
    columns = _axis(width, scores.shape[2], align_corners=align_corners, start=area.left, extent=area.width)
    # The bound holds for the whole map too: about half of the classes can win nowhere, and are not looked at again.
    classes = np.flatnonzero(greatest >= smallest.max() - slack).astype(np.uint8)
    corners = scores.take(classes, axis=0).take(rows.corners, axis=1).take(columns.corners, axis=2)

    can_win = _candidates(corners, slack)
    last_candidate = (can_win * classes[:, None, None]).max(axis=0)
    labels: Labels = last_candidate.repeat(columns.length, axis=1).repeat(rows.length, axis=0)
    candidate_count = can_win.sum(axis=0, dtype=np.uint16)
    candidate_count *= (rows.length[:, None] > 0) & (columns.length > 0)
    cells = np.flatnonzero(candidate_count > 1)
    cells = cells[np.argsort(candidate_count.take(cells))[::-1]]
    for part in _parts(len(cells), len(rows.pixels) * len(columns.pixels)):
        _fill_cells(labels, corners, can_win, classes, cells[part], rows, columns)
    return labels


@dataclass(frozen=True)
class _Axis:
    """How the frame's pixels along one axis lie among the scores; cell i lies between corners i and i + 1.

    Attributes:
        corners: the row or column of the score at each corner; beyond the outermost centres it stays the outermost.
        length: the number of pixels of each cell.
        pixels: (longest, cells), the pixels of each cell; shorter cells than the longest repeat their last pixel, so
            that all have one shape.
        weight: (longest, cells), how far each of these lies from its cell's first corner to the second, 0..1, float32.
    """

    corners: NDArray[np.intp]
    length: NDArray[np.intp]
    pixels: NDArray[np.intp]
    weight: NDArray[np.float32]


def positions(pixels: int, scores: int, *, align_corners: bool, start: float, extent: float) -> NDArray[np.float64]:
    """Where a frame's pixels along one axis lie among the scores: 0 is the first score's centre, 1 the next one's.

    Args:
        pixels: of the frame, along the axis.
        scores: along the axis.
        align_corners: see `labels_at`.
        start: of the part of the scores that the frame fills, in shares of them.
        extent: of that part, in shares as well.
    """
    index = np.arange(pixels)
    if align_corners:
        return (start + extent * index / max(pixels - 1, 1)) * (scores - 1)
    return (start + extent * (index + 0.5) / pixels) * scores - 0.5


@lru_cache(maxsize=8)
def _axis(pixels: int, scores: int, *, align_corners: bool, start: float, extent: float) -> _Axis:
    position = positions(pixels, scores, align_corners=align_corners, start=start, extent=extent)
    before = np.floor(position).astype(np.intp)
    corners = np.arange(before[0], before[-1] + 2).clip(0, scores - 1)
    length = np.bincount(before - before[0])
    first = np.cumsum(length) - length
    pixel = first + np.minimum(np.arange(length.max())[:, None], length - 1)
    return _Axis(corners, length, pixel, (position - before).astype(np.float32)[pixel])


def _candidates(corners: NDArray[np.float32], slack: np.float32) -> NDArray[np.bool_]:
    """Which classes can win in which cell: (classes, h + 1, w + 1) corners -> (classes, h, w) cells."""
    low = np.minimum(corners[:, :-1], corners[:, 1:])
    low = np.minimum(low[:, :, :-1], low[:, :, 1:])
    high = np.maximum(corners[:, :-1], corners[:, 1:])
    high = np.maximum(high[:, :, :-1], high[:, :, 1:])
    can_win: NDArray[np.bool_] = high >= low.max(axis=0) - slack
    return can_win


def _parts(cells: int, pixels_per_cell: int) -> Iterator[slice]:
    """Slices of a list of cells, each of few enough pixels to stay in the processor's cache."""
    step = max(1, _PIXELS_AT_ONCE // pixels_per_cell)
    return (slice(at, at + step) for at in range(0, cells, step))


def _fill_cells(
    labels: Labels,
    corners: NDArray[np.float32],
    can_win: NDArray[np.bool_],
    classes: NDArray[np.uint8],
    cells: NDArray[np.intp],
    rows: _Axis,
    columns: _Axis,
) -> None:
    """Interpolate the classes that can win in these cells and write the winners.

    Cells are the last axis of all arrays here, since NumPy is quick along a long last axis.

    Args:
        labels: uint8 (H, W), written into.
        corners: the scores at the cells' corners.
        can_win: whether a class can win in a cell.
        classes: the class of each plane of corners and can_win.
        cells: places in such a plane of can_win, those where most classes can win first.
        rows: where the frame's rows lie among the scores.
        columns: where its columns lie.
    """
    y, x = np.divmod(cells, can_win.shape[2])
    down, across = rows.weight.take(y, axis=1), columns.weight.take(x, axis=1)
    top_left = y * corners.shape[2] + x
    cell_of, plane_of = np.nonzero(can_win.reshape(len(classes), -1).take(cells, axis=1).T)
    candidates = np.bincount(cell_of)
    first = np.cumsum(candidates) - candidates
    winner = np.zeros((len(down), len(across), len(cells)), np.uint8)
    greatest = np.full(winner.shape, -np.inf, np.float32)
    for rank in range(candidates[0]):
        count = int(np.count_nonzero(candidates > rank))
        plane = plane_of.take(first[:count] + rank)
        corner = plane * corners[0].size + top_left[:count]
        value = _interpolate(corners, corner, down[:, :count], across[:, :count])
        # Later ranks are higher class numbers, so maximum keeps the later winner; a masked copy is slower.
        wins = (value > greatest[..., :count]) * classes.take(plane)
        np.maximum(winner[..., :count], wins, out=winner[..., :count])
        np.maximum(greatest[..., :count], value, out=greatest[..., :count])
    pixel = (rows.pixels.take(y, axis=1) * labels.shape[1])[:, None] + columns.pixels.take(x, axis=1)
    labels.reshape(-1)[pixel] = winner


def _interpolate(
    corners: NDArray[np.float32], top_left: NDArray[np.intp], down: NDArray[np.float32], across: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Scores inside cells, first down, then across: (height, width, cells).

    Args:
        corners: the scores.
        top_left: the first corner of each cell, counted through all planes.
        down: (height, cells), the weights of the lower corners.
        across: (width, cells), the weights of the right ones.
    """
    top_two = corners.take([top_left, top_left + 1])[:, None]
    bottom_left = top_left + corners.shape[2]
    bottom_two = corners.take([bottom_left, bottom_left + 1])[:, None]
    left, right = top_two + (bottom_two - top_two) * down
    value: NDArray[np.float32] = (right - left)[:, None] * across
    value += left[:, None]
    return value


def labels_of(scored: Scored) -> Labels:
    """The class of each pixel of the frame: uint8 (H, W). Raises EngineError where the engine's scores are none."""
    try:
        return labels_at(scored.scores, scored.frame.size, align_corners=scored.align_corners, area=scored.area)
    except ValueError as error:
        raise EngineError(
            "the engine's scores cannot be used", scored.made_by, f"{error}: take another --backend"
        ) from error

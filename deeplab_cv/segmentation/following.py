"""Where each cell of the scores was in the frame before, and how far that can be believed.

Flow is sought in a small picture, there and back (Kroeger et al., "Fast optical flow using dense inverse search", ECCV
2016). A pixel is believed where the way back returns to it (Sundaram, Brox, Keutzer, "Dense point trajectories by
GPU-accelerated large displacement optical flow", ECCV 2010, section 3) and where both frames look alike there.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.frames.frame import Scores
from deeplab_cv.frames.pixels import Number, Plane, resize
from deeplab_cv.frames.size import Size

Places = NDArray[np.float32]
"""Places in a grid of cells or pixels: float32 (h, w, 2) of (x, y)."""

_PIXELS = 176 * 99
"""Of the picture in which flow is sought: of 160x90 edges are worse, of 192x108 and 256x144 hardly better."""

_FEWEST_PIXELS = 16
"""On a side; the flow's patches need them."""

# The flow is sought down to the picture's own pixels, as edges need it, with patches that hardly overlap and without
# variational refinement: a third of OpenCV's "medium" in time, and better at edges.
_FINEST_SCALE, _PATCH_STRIDE, _STEPS, _REFINEMENTS = 0, 7, 6, 0

_SHARE_ASTRAY, _PIXELS_ASTRAY = 0.01, 0.1
"""How far the way back may miss, squared: a share of both ways' squares, and square pixels."""

_UNLIKE = 10.0
"""Difference in brightness, 0..255, at which a pixel is believed by 1/e."""


@dataclass(frozen=True)
class Path:
    """The way of each cell from the frame before.

    Attributes:
        origin: where it was, in cells.
        trust: how far that is believed, 0..1: float32 (h, w).
    """

    origin: Places
    trust: NDArray[np.float32]


def followed_size(cells: Size) -> Size:
    """The size of the picture in which the motion of a grid of cells is sought."""
    scale = math.sqrt(_PIXELS / (cells.width * cells.height))
    return Size(*(max(_FEWEST_PIXELS, round(side * scale)) for side in cells))


class Follower:
    """Finds the path of cells from one small picture to the next."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._flow.setFinestScale(_FINEST_SCALE)
        self._flow.setPatchStride(_PATCH_STRIDE)
        self._flow.setGradientDescentIterations(_STEPS)
        self._flow.setVariationalRefinementIterations(_REFINEMENTS)

    def path(self, now: Plane, before: Plane, cells: Size) -> Path:
        """The path of each cell from one frame to the next.

        Args:
            now: the brightness of this frame, uint8 (H, W), of `followed_size`.
            before: that of the frame before.
            cells: columns and rows of the grid.
        """
        back: Places = self._flow.calc(now, before, None)  # type: ignore[call-overload]
        forth: Places = self._flow.calc(before, now, None)  # type: ignore[call-overload]
        trust = _trust(back, forth, now, before)
        return Path(cell_origins(back, cells), resize(trust, cells, cv2.INTER_AREA))


def _trust(back: Places, forth: Places, now: Plane, before: Plane) -> NDArray[np.float32]:
    """How far each pixel's way back is believed, 0..1: float32 (h, w)."""
    # Each direction is a plane of its own: NumPy is slow along an axis of two.
    back_x, back_y = _planes(back)
    home_x, home_y = _planes(_grid(Size.of(now)))
    x, y = home_x + back_x, home_y + back_y
    forth_x, forth_y = _planes(_at(forth, x, y))
    astray = (back_x + forth_x) ** 2 + (back_y + forth_y) ** 2
    length = back_x**2 + back_y**2 + forth_x**2 + forth_y**2
    rows, columns = now.shape
    believed = (x >= 0) & (x <= columns - 1) & (y >= 0) & (y <= rows - 1)
    believed &= astray <= _SHARE_ASTRAY * length + _PIXELS_ASTRAY
    unlike = np.asarray(cv2.blur(cv2.absdiff(now, _at(before, x, y)).astype(np.float32), (3, 3)))
    return np.asarray(believed * np.exp(-((unlike / _UNLIKE) ** 2)), np.float32)


def cell_origins(flow: Places, cells: Size) -> Places:
    """Where each cell of a grid was, by the flow of a picture's pixels to where they were."""
    scale = np.divide(cells, Size.of(flow)).astype(np.float32)
    return _grid(cells) + resize(flow, cells, cv2.INTER_AREA) * scale


def moved_scores(scores: Scores, origin: Places, interpolation: int = cv2.INTER_LINEAR) -> Scores:
    """Each cell's scores from where it was: float32 (classes, h, w); `interpolation` is one of OpenCV's."""
    planes = [
        cv2.remap(plane, origin, None, interpolation, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
        for plane in scores.astype(np.float32, copy=False)
    ]
    return np.asarray(np.stack(planes), np.float32)


@lru_cache(maxsize=8)
def _grid(size: Size) -> Places:
    """Each cell's own place; not to be written into."""
    return np.stack(np.meshgrid(np.arange(size.width), np.arange(size.height)), axis=-1).astype(np.float32)


def _planes(places: Places) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """x and y of places: float32 (h, w) each."""
    x, y = cv2.split(places)
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def _at(values: NDArray[Number], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[Number]:
    """Values of a grid at places between its cells."""
    return np.asarray(cv2.remap(values, x, y, cv2.INTER_LINEAR), values.dtype)

"""Paint blended straight into the planes of a video frame."""

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from deeplab_cv.classes import RGB
from deeplab_cv.frames.frame import Labels
from deeplab_cv.frames.pixels import Matrix, Plane, Planes, resize
from deeplab_cv.frames.size import Size
from deeplab_cv.overlay.look import Look
from deeplab_cv.overlay.styles import found_classes

_FOUR = 4
"""A colour sample stands for four pixels."""


def blend_planes(planes: Planes, labels: Labels, look: Look) -> Planes:
    """The picture in style blend, by labels: uint8 (H, W).

    What is not painted stays as it is, bit for bit; a colour sample is painted by as much as its four pixels are.
    """
    found = list(found_classes(labels, look))
    if not found:
        return planes
    painted = replace(planes, y=planes.y.copy(), u=planes.u.copy(), v=planes.v.copy())
    for colour, mask, (rows, columns) in found:
        luma, *chroma = _mixed(planes.matrix, colour, look.alpha)
        _mix(painted.y[rows, columns], luma[_FOUR], mask)
        half = slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2)
        # The mean of zeros and fours is how many of the four are not zero.
        fours = mask * np.uint8(_FOUR)
        count = resize(fours, Size(fours.shape[1] // 2, fours.shape[0] // 2), cv2.INTER_AREA)
        whole = (count == _FOUR).view(np.uint8)
        edge = np.divmod(np.flatnonzero(count & (_FOUR - 1) != 0), count.shape[1])
        for plane, tables in zip((painted.u, painted.v), chroma, strict=True):
            samples = plane[half]
            samples[edge] = tables[count[edge], samples[edge]]
            _mix(samples, tables[_FOUR], whole)
    return painted


@lru_cache(maxsize=64)
def _mixed(matrix: Matrix, colour: RGB, alpha: float) -> Plane:
    """What becomes of each value of Y, U and V if so many of its four pixels are painted: uint8 (3, 5, 256)."""
    values = matrix.from_rgb @ (*colour, 1)
    opacity = np.arange(_FOUR + 1)[:, None] * (alpha / _FOUR)
    mixed = np.arange(256) * (1 - opacity) + values[:, None, None] * opacity
    return np.asarray(np.rint(mixed), np.uint8)


def _mix(plane: Plane, table: Plane, mask: Plane) -> None:
    """Take from a table what becomes of the samples of a plane that a mask (uint8, 0 or not) shows."""
    cv2.copyTo(cv2.LUT(plane, table), mask, plane)

"""Paint blended straight into the planes of a video frame."""

from dataclasses import replace

import cv2
import numpy as np

from deeplab_cv.frame import Labels
from deeplab_cv.overlay.look import Look
from deeplab_cv.overlay.styles import found_classes
from deeplab_cv.pixels import Plane, Planes

_QUARTERS = 4
"""A colour sample stands for four pixels."""


def blend_planes(planes: Planes, labels: Labels, look: Look) -> Planes:
    """The picture in style blend.

    labels: uint8 (H, W). What is not painted stays as it is, bit for bit; a colour sample is painted by as much as its
    four pixels are.
    """
    found = list(found_classes(labels, look))
    if not found:
        return planes
    painted = replace(planes, y=planes.y.copy(), u=planes.u.copy(), v=planes.v.copy())
    for colour, mask, (rows, columns) in found:
        luma, *chroma = planes.matrix.from_rgb @ (*colour, 1)
        _mix(painted.y[rows, columns], luma, look.alpha, mask[rows, columns])
        half_rows, half_columns = (slice(side.start // 2, (side.stop + 1) // 2) for side in (rows, columns))
        inside = mask[2 * half_rows.start : 2 * half_rows.stop, 2 * half_columns.start : 2 * half_columns.stop]
        # The mean of zeros and fours is how many of the four pixels are painted.
        fours = cv2.threshold(inside, 0, _QUARTERS, cv2.THRESH_BINARY)[1]
        count = np.asarray(cv2.resize(fours, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        for quarters in range(1, _QUARTERS + 1):
            here = np.asarray(cv2.inRange(count, quarters, quarters), np.uint8)
            for plane, value in zip((painted.u, painted.v), chroma, strict=True):
                _mix(plane[half_rows, half_columns], value, look.alpha * quarters / _QUARTERS, here)
    return painted


def _mix(plane: Plane, value: float, opacity: float, mask: Plane) -> None:
    """Mix a value into the samples of a plane that a mask (uint8, 0 or more) shows."""
    table = np.rint(np.arange(256) * (1 - opacity) + value * opacity).astype(np.uint8)
    cv2.copyTo(cv2.LUT(plane, table), mask, plane)

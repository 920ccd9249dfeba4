"""Paint blended straight into the planes of a video frame."""

from dataclasses import replace

import cv2
import numpy as np

from deeplab_cv.frame import Labels
from deeplab_cv.overlay.look import Look
from deeplab_cv.overlay.styles import found_classes
from deeplab_cv.pixels import Plane, Planes

_FOUR = 4
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
        _mix(painted.y[rows, columns], luma, look.alpha, mask)
        half_rows, half_columns = (slice(side.start // 2, (side.stop + 1) // 2) for side in (rows, columns))
        count = _painted_of_four(mask, rows.start % 2, columns.start % 2)
        whole = np.asarray(cv2.inRange(count, _FOUR, _FOUR), np.uint8)
        edge = np.nonzero((count > 0) & (count < _FOUR))
        share = count[edge] * (look.alpha / _FOUR)
        for plane, value in zip((painted.u, painted.v), chroma, strict=True):
            samples = plane[half_rows, half_columns]
            samples[edge] = np.rint(samples[edge] * (1 - share) + value * share)
            _mix(samples, value, look.alpha, whole)
    return painted


def _painted_of_four(mask: Plane, above: int, left: int) -> Plane:
    """How many of the four pixels of each colour sample are painted: uint8, 0..4.

    mask: uint8 (H, W), 0 or 255. above, left: 1 where its first row or column is the second of a sample.
    """
    below, right = (mask.shape[0] + above) % 2, (mask.shape[1] + left) % 2
    fours = cv2.threshold(mask, 0, _FOUR, cv2.THRESH_BINARY)[1]
    if above or below or left or right:
        fours = cv2.copyMakeBorder(fours, above, below, left, right, cv2.BORDER_CONSTANT)
    # The mean of zeros and fours is how many of the four are not zero.
    return np.asarray(cv2.resize(fours, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def _mix(plane: Plane, value: float, opacity: float, mask: Plane) -> None:
    """Mix a value into the samples of a plane that a mask (uint8, 0 or 255) shows."""
    table = np.rint(np.arange(256) * (1 - opacity) + value * opacity).astype(np.uint8)
    cv2.copyTo(cv2.LUT(plane, table), mask, plane)

"""How much of a picture each class fills."""

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.frames.frame import Labels

_ROWS_AT_ONCE = 512
"""calcHist counts in float32, exact up to 16 million pixels: 512 rows of the widest frame there is."""


_COUNTED_HEIGHT = 360


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


def roughly_counted_shares(labels: Labels, class_count: int) -> NDArray[np.float64]:
    """The share of each class as a person needs to know it, in whole percents, in a fraction of the time."""
    step = max(1, labels.shape[0] // _COUNTED_HEIGHT)
    return class_shares(labels[::step, ::step].copy(), class_count)

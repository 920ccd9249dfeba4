"""Scores at the head's stride -> labels at the frame's size."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.frame import Labels, Scores


@dataclass(frozen=True)
class Area:
    """The part of a network's input that the frame fills, in fractions of the input; the rest is a border.

    Attributes:
        left, top: its first column and row, 0..1.
        width, height: its size, more than 0, up to 1.
    """

    left: float
    top: float
    width: float
    height: float


WHOLE_INPUT = Area(0.0, 0.0, 1.0, 1.0)


def labels_at(scores_chw: Scores, size_wh: tuple[int, int], align_corners: bool, area: Area = WHOLE_INPUT) -> Labels:
    """The class of each pixel: scores interpolated bilinearly straight to the frame's size, then the greatest.

    scores_chw: float32 (classes, h, w); returns uint8 (H, W). Of equal scores the lowest class number wins.
    align_corners is PyTorch's word: the corner pixels' centres coincide, instead of the corners themselves.
    """
    width, height = size_wh
    scores = np.asarray(scores_chw, np.float32)
    top, bottom, down = _neighbours(height, scores.shape[1], align_corners, area.top, area.height)
    left, right, across = _neighbours(width, scores.shape[2], align_corners, area.left, area.width)
    rows = scores[:, top] + (scores[:, bottom] - scores[:, top]) * down[:, None]
    values = rows[:, :, left] + (rows[:, :, right] - rows[:, :, left]) * across
    labels: Labels = values.argmax(axis=0).astype(np.uint8)
    return labels


def class_shares(labels: Labels, class_count: int) -> NDArray[np.float64]:
    """The share of the picture each class fills: labels uint8 (H, W) -> float64 (class_count,), summing to 1."""
    counts = cv2.calcHist([labels], [0], None, [class_count], [0, class_count])
    shares: NDArray[np.float64] = counts.ravel().astype(np.float64) / labels.size
    return shares


def _neighbours(
    pixels: int, cells: int, align_corners: bool, start: float, extent: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For each pixel of an axis the score before it, the score after it, and how far it lies between them."""
    index = np.arange(pixels)
    if align_corners:
        position = (start + extent * index / max(pixels - 1, 1)) * (cells - 1)
    else:
        position = (start + extent * (index + 0.5) / pixels) * cells - 0.5
    position = position.clip(0, cells - 1)
    before = position.astype(np.intp)
    return before, np.minimum(before + 1, cells - 1), (position - before).astype(np.float32)

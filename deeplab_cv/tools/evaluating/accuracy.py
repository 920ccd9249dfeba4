"""Labels against masks: which class was taken for which, and the figures that follow."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from deeplab_cv.classes import IGNORE
from deeplab_cv.tools.data.records import Mask

Confusion = npt.NDArray[np.int64]
"""Pixel counts int64 (classes, classes): rows are the masks, columns the predictions."""


@dataclass(frozen=True)
class LabelAccuracy:
    """Figures of a measurement, 0..1; a class in neither masks nor predictions has IoU NaN and does not count."""

    miou: float
    pixel_accuracy: float
    iou: tuple[float, ...]


def accuracy(confusion: Confusion) -> LabelAccuracy:
    """The figures of a confusion matrix; all are NaN or 0 where no pixel was counted."""
    right = np.diag(confusion)
    union = confusion.sum(0) + confusion.sum(1) - right
    with np.errstate(invalid="ignore"):
        iou = right / union
    met = iou[union > 0]
    miou = float(met.mean()) if met.size else float("nan")
    return LabelAccuracy(miou, float(right.sum() / max(1, confusion.sum())), tuple(iou.tolist()))


def confusion_matrix(mask: Mask, prediction: Mask, class_count: int) -> Confusion:
    """Counts of (mask, prediction) over the pixels whose label is known."""
    known = mask != IGNORE
    pairs = mask[known].astype(np.int64) * class_count + prediction[known]
    return np.bincount(pairs, minlength=class_count**2).reshape(class_count, class_count)

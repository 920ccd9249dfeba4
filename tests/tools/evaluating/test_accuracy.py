import math

import numpy as np
import pytest

from deeplab_cv.tools.evaluating.accuracy import accuracy, confusion_matrix


def test_iou_is_overlap_over_union_and_unknown_pixels_do_not_count() -> None:
    mask = np.array([[0, 0, 1, 1, 255]], np.uint8)
    prediction = np.array([[0, 1, 1, 1, 0]], np.uint8)
    figures = accuracy(confusion_matrix(mask, prediction, 3))
    assert figures.iou[:2] == pytest.approx((1 / 2, 2 / 3)) and np.isnan(figures.iou[2])
    assert (figures.miou, figures.pixel_accuracy) == pytest.approx((7 / 12, 3 / 4))


def test_where_nothing_is_known_there_are_no_figures() -> None:
    mask = np.full((4, 4), 255, np.uint8)
    figures = accuracy(confusion_matrix(mask, np.zeros_like(mask), 2))
    assert math.isnan(figures.miou) and figures.pixel_accuracy == 0

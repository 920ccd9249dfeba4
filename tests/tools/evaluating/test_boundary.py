import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.classes import IGNORE
from deeplab_cv.tools.evaluating.boundary import boundary_scores

SIDE = 200
"""The tolerance is 2.1 pixels."""


def square(left: int, label: int = 1) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[60:140, left : left + 80] = label
    return mask


@pytest.mark.parametrize(("shift", "least", "most"), [(0, 1, 1), (2, 1, 1), (6, 0.4, 0.7), (90, 0, 0.05)])
def test_an_edge_is_right_within_the_tolerance(shift: int, least: float, most: float) -> None:
    scores = boundary_scores(square(20), square(20 + shift), 2)
    assert least <= scores[1] <= most


def test_a_class_that_is_missed_has_0_and_one_that_is_not_there_has_none() -> None:
    scores = boundary_scores(square(20), np.zeros((SIDE, SIDE), np.uint8), 3)
    assert scores[1] == 0 and np.isnan(scores[2])


def test_the_edge_runs_in_the_middle_of_a_band_of_unknown_pixels() -> None:
    banded = square(60)
    band = cv2.dilate(square(60), np.ones((5, 5))) - cv2.erode(square(60), np.ones((5, 5)))
    banded[band > 0] = IGNORE
    assert boundary_scores(banded, square(60), 2)[1] == 1


def test_what_lies_among_unknown_pixels_is_not_counted() -> None:
    mask, labels = square(20), square(20)
    mask[:, 110:] = IGNORE
    labels[80:120, 150:180] = 1
    assert boundary_scores(mask, labels, 2)[1] == 1


def test_a_mask_that_knows_nothing_gives_no_score() -> None:
    unknown = np.full((SIDE, SIDE), IGNORE, np.uint8)
    assert np.isnan(boundary_scores(unknown, square(20), 2)).all()


@given(seed=st.integers(0, 2**32 - 1))
def test_scores_are_shares_and_perfect_for_the_mask_itself(seed: int) -> None:
    random = np.random.default_rng(seed)
    mask, labels = (random.integers(0, 4, (2, 6, 8), dtype=np.uint8).repeat(8, axis=1)).repeat(8, axis=2)
    scores = boundary_scores(mask, labels, 4)
    known = scores[~np.isnan(scores)]
    assert ((known >= 0) & (known <= 1)).all()
    own = boundary_scores(mask, mask, 4)
    assert (own[~np.isnan(own)] == 1).all()

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplab_cv.frames.areas import class_areas, class_shares, roughly_counted_shares


@given(st.integers(1, 1100), st.integers(1, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_areas_count_every_pixel_of_every_class(height, width, seed):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 21, (height, width)).astype(np.uint8)
    labels *= random.random(labels.shape) < random.random()

    assert np.array_equal(class_areas(labels, 21), np.bincount(labels.ravel(), minlength=21))


def test_shares_count_each_class_and_sum_to_one():
    labels = np.array([[0, 0, 2], [2, 2, 15]], np.uint8)

    shares = class_shares(labels, 21)

    assert shares.shape == (21,)
    assert shares[[0, 2, 15]] == pytest.approx([2 / 6, 3 / 6, 1 / 6])
    assert shares.sum() == pytest.approx(1)


def test_a_picture_that_is_all_background_has_one_class():
    assert class_areas(np.zeros((4, 6), np.uint8), 3).tolist() == [24, 0, 0]


def test_roughly_counted_shares_of_a_large_picture_are_right_to_a_percent():
    labels = np.zeros((1080, 1920), np.uint8)
    labels[:, :480] = 15

    assert roughly_counted_shares(labels, 21)[15] == pytest.approx(0.25, abs=0.005)

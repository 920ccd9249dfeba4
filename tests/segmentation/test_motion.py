import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.frames.frame import WHOLE_INPUT, Area
from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.motion import CUT, changes_between, thumbnail_of

SMALL = Size(64, 36)


def plain(value, size=Size(320, 180)):
    return np.full((*size.hw, 3), value, np.uint8)


@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    value=st.integers(1, 255),
)
def test_a_plain_picture_of_any_size_has_a_plain_thumbnail(width, height, value):
    thumbnail = thumbnail_of(plain(value, Size(width, height)), WHOLE_INPUT, SMALL)

    assert thumbnail.shape == (36, 64, 3)
    assert thumbnail.dtype == np.uint8
    assert (thumbnail == value).all()


def test_the_border_around_the_frame_stays_black():
    thumbnail = thumbnail_of(plain(200), Area(left=0.25, top=0.5, width=0.5, height=0.25), SMALL)

    expected = np.zeros((36, 64, 3), np.uint8)
    expected[18:27, 16:48] = 200
    np.testing.assert_array_equal(thumbnail, expected)


@given(
    left=st.floats(0, 0.999),
    top=st.floats(0, 0.999),
    width=st.floats(0.0001, 1),
    height=st.floats(0.0001, 1),
)
def test_a_frame_of_any_area_however_narrow_fills_at_least_one_pixel(left, top, width, height):
    area = Area(left, top, min(width, 1 - left), min(height, 1 - top))

    thumbnail = thumbnail_of(plain(200), area, SMALL)

    assert thumbnail.shape == (36, 64, 3)
    assert (thumbnail == 200).any()


def test_what_is_left_in_the_picture_is_left_in_the_thumbnail():
    image = plain(0)
    image[:90, :160] = (10, 20, 250)

    thumbnail = thumbnail_of(image, WHOLE_INPUT, SMALL)

    assert thumbnail[8, 16].tolist() == [10, 20, 250]
    assert not thumbnail[8, 48].any()
    assert not thumbnail[28, 16].any()


def test_a_picture_that_stays_the_same_has_no_changes():
    picture = np.random.default_rng(0).integers(0, 256, (36, 64, 3), np.uint8)

    changes = changes_between(picture, picture, 4)

    assert changes.shape == (9, 16)
    assert changes.dtype == np.float32
    assert not changes.any()


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize(("before", "after"), [(100, 130), (130, 100)])
def test_a_change_of_one_colour_counts_whole_either_way_and_in_its_cell_alone(channel, before, after):
    old, new = plain(50, SMALL), plain(50, SMALL)
    old[4:8, 8:12, channel], new[4:8, 8:12, channel] = before, after

    changes = changes_between(new, old, 4)

    expected = np.zeros((9, 16), np.float32)
    expected[1, 2] = 30
    np.testing.assert_allclose(changes, expected, atol=1e-4)


def test_a_cell_tells_the_mean_of_its_pixels():
    old, new = plain(0, SMALL), plain(0, SMALL)
    new[0, 0] = 160

    assert changes_between(new, old, 4)[0, 0] == pytest.approx(10)


def test_another_scene_is_a_cut_and_a_little_noise_is_none():
    random = np.random.default_rng(0)
    scene, other = (random.integers(0, 256, (36, 64, 3)).astype(np.uint8) for _ in range(2))
    noisy = np.clip(scene.astype(int) + random.integers(-9, 10, scene.shape), 0, 255).astype(np.uint8)

    assert changes_between(other, scene, 1).mean() > CUT
    assert changes_between(noisy, scene, 1).mean() < CUT

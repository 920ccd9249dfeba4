import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplab_cv.frames.pixels import BT601, BT709, Planes
from deeplab_cv.frames.size import Size
from deeplab_cv.overlay.look import Look
from deeplab_cv.overlay.planes import blend_planes
from deeplab_cv.overlay.styles import paint
from tests.overlay.scenes import PERSON, RED_GREEN_BLUE, labels_with_square


def look(alpha=0.5):
    return Look("blend", alpha=alpha, colours=RED_GREEN_BLUE)


def grey_planes(height, width, seed=0, matrix=BT709):
    random = np.random.default_rng(seed)
    y = random.integers(16, 236, (height, width)).astype(np.uint8)
    half = np.full((height // 2, width // 2), 128, np.uint8)
    return Planes(y, half, half.copy(), matrix)


@pytest.mark.parametrize("matrix", [BT601, BT709])
def test_the_paint_is_the_colour_that_bgr_would_have(matrix):
    planes = grey_planes(32, 48, matrix=matrix)
    labels = labels_with_square(32, 48, 8, 8, 16)

    painted = blend_planes(planes, labels, look()).resized(Size(48, 32))

    expected = paint(planes.resized(Size(48, 32)), labels, look())
    inside = np.s_[10:22, 10:22]
    assert np.abs(painted[inside].astype(int) - expected[inside]).max() <= 3


@given(st.data(), st.floats(0, 1))
@settings(max_examples=50)
def test_what_is_not_painted_stays_as_it_is_bit_for_bit(data, alpha):
    top, left, side = (data.draw(st.integers(0, limit)) for limit in (24, 40, 20))
    planes, labels = grey_planes(32, 48), labels_with_square(32, 48, top, left, side)

    painted = blend_planes(planes, labels, look(alpha))

    bare = labels == 0
    assert np.array_equal(painted.y[bare], planes.y[bare])
    bare_samples = bare.reshape(16, 2, 24, 2).all((1, 3))
    assert np.array_equal(painted.u[bare_samples], planes.u[bare_samples])
    assert np.array_equal(painted.v[bare_samples], planes.v[bare_samples])


def test_a_colour_sample_is_painted_by_as_much_as_its_pixels_are():
    planes, labels = grey_planes(8, 8), np.zeros((8, 8), np.uint8)
    labels[2:4, 2:4], labels[2, 4], labels[4, 2:4] = PERSON, PERSON, PERSON

    painted = blend_planes(planes, labels, look(alpha=1.0))

    red = BT709.from_rgb @ (255, 0, 0, 1)
    assert painted.v[1, 1] == round(red[2])
    assert painted.v[1, 2] == round(128 + (red[2] - 128) / 4)
    assert painted.v[2, 1] == round(128 + (red[2] - 128) / 2)


def test_the_planes_of_the_source_are_not_written_into():
    planes, labels = grey_planes(16, 16), labels_with_square(16, 16, 0, 0, 16)
    before = planes.y.copy()

    blend_planes(planes, labels, look())

    assert np.array_equal(planes.y, before)


def test_where_nothing_is_painted_the_very_same_planes_come_back():
    planes = grey_planes(16, 16)

    assert blend_planes(planes, np.zeros((16, 16), np.uint8), look()) is planes

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.frames.pixels import BT601, BT709, Pixels, Planes, image_pixels, resized

levels = st.integers(0, 255)


def soft_picture(width=128, height=96):
    small = np.random.default_rng(3).integers(40, 216, (6, 8, 3)).astype(np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def planes_of(image, matrix):
    """A BGR picture as planes, a colour sample being the mean of its four pixels."""
    rgb = image[..., ::-1].astype(float)
    y, u, v = np.moveaxis(rgb @ matrix.from_rgb[:, :3].T + matrix.from_rgb[:, 3], 2, 0)
    half = [plane.reshape(plane.shape[0] // 2, 2, plane.shape[1] // 2, 2).mean((1, 3)) for plane in (u, v)]
    return Planes(*(np.rint(plane).astype(np.uint8) for plane in (y, *half)), matrix)


@pytest.mark.parametrize(
    ("matrix", "rgb", "yuv"),
    [
        (BT709, (255, 255, 255), (235, 128, 128)),
        (BT709, (0, 0, 0), (16, 128, 128)),
        (BT709, (255, 0, 0), (63, 102, 240)),
        (BT601, (255, 0, 0), (81, 90, 240)),
        (BT601, (0, 0, 255), (41, 240, 110)),
    ],
)
def test_colours_have_the_values_of_the_standards(matrix, rgb, yuv):
    assert np.rint(matrix.from_rgb @ (*rgb, 1)) == pytest.approx(yuv)


@given(st.tuples(levels, levels, levels), st.sampled_from([BT601, BT709]))
def test_a_matrix_and_its_inverse_cancel(rgb, matrix):
    yuv = matrix.from_rgb @ (*rgb, 1)

    assert matrix.to_bgr @ (*yuv, 1) == pytest.approx(rgb[::-1])


@pytest.mark.parametrize("matrix", [BT601, BT709])
def test_planes_scaled_down_are_the_picture_scaled_down(matrix):
    image = soft_picture()

    small = resized(Pixels(lambda: image, lambda: planes_of(image, matrix)), (48, 32))

    expected = cv2.resize(image, (48, 32), interpolation=cv2.INTER_LINEAR)
    assert cv2.absdiff(small, expected).mean() < 1.5


def test_the_bgr_form_is_made_once_and_only_where_it_is_asked_for():
    asked = []
    pixels = Pixels(lambda: asked.append(1) or soft_picture(), lambda: planes_of(soft_picture(), BT709))

    resized(pixels, (16, 16))
    assert not asked
    assert pixels.image is pixels.image
    assert len(asked) == 1


def test_both_forms_are_flipped():
    image = soft_picture()

    flipped = Pixels(lambda: image, lambda: planes_of(image, BT709)).flipped()

    assert np.array_equal(flipped.image, image[:, ::-1])
    assert np.array_equal(flipped.planes.y, planes_of(image, BT709).y[:, ::-1])


def test_a_picture_that_came_as_bgr_has_no_planes():
    assert image_pixels(soft_picture()).planes is None

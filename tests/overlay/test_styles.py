import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplab_cv.overlay.styles import paint
from tests.overlay.scenes import DOG, PERSON, SHEEP, labels_with_square, look, random_picture

BGR = {PERSON: (0, 0, 255), DOG: (0, 255, 0), SHEEP: (255, 0, 0)}


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [(0.0, (10, 20, 200)), (0.25, (8, 15, 214)), (0.5, (5, 10, 228)), (1.0, (0, 0, 255))],
)
def test_blend_mixes_a_class_with_its_colour(alpha, expected):
    image = np.full((2, 3, 3), (10, 20, 200), np.uint8)
    labels = np.array([[0, PERSON, 0], [0, 0, PERSON]], np.uint8)

    picture = paint(image, labels, look("blend", alpha=alpha))

    assert picture[0, 1].tolist() == pytest.approx(expected, abs=1)
    assert picture[1, 2].tolist() == picture[0, 1].tolist()
    assert picture[0, 0].tolist() == [10, 20, 200]


def test_opaque_blend_paints_each_class_in_its_pure_colour():
    labels = np.array([[PERSON, DOG], [SHEEP, 0]], np.uint8)

    picture = paint(np.full((2, 2, 3), 7, np.uint8), labels, look("blend", alpha=1.0))

    assert [tuple(pixel) for pixel in picture.reshape(-1, 3).tolist()] == [BGR[PERSON], BGR[DOG], BGR[SHEEP], (7, 7, 7)]


def test_mask_is_black_with_pure_colours():
    labels = np.array([[PERSON, DOG, 0], [SHEEP, 5, PERSON]], np.uint8)

    picture = paint(random_picture(2, 3), labels, look("mask"))

    expected = [BGR[PERSON], BGR[DOG], (0, 0, 0), BGR[SHEEP], (0, 0, 0), BGR[PERSON]]
    assert [tuple(pixel) for pixel in picture.reshape(-1, 3).tolist()] == expected


def test_outline_is_the_inner_edge_of_a_class():
    image = random_picture(9, 9)
    labels = labels_with_square(9, 9, top=2, left=3, side=5)

    picture = paint(image, labels, look("outline"))

    ring = labels > 0
    ring[3:6, 4:7] = False
    expected = image.copy()
    expected[ring] = BGR[PERSON]
    np.testing.assert_array_equal(picture, expected)


def test_outline_does_not_run_along_the_picture_s_own_edge():
    image = random_picture(6, 6)
    labels = labels_with_square(6, 6, top=0, left=0, side=4)

    picture = paint(image, labels, look("outline"))

    assert tuple(picture[3, 0]) == BGR[PERSON]
    np.testing.assert_array_equal(picture[:3, :3], image[:3, :3])


def test_outline_is_thicker_in_a_larger_picture():
    labels = labels_with_square(720, 300, top=100, left=100, side=100)

    picture = paint(np.zeros((720, 300, 3), np.uint8), labels, look("outline"))

    assert (picture[150, :, 2] == 255).sum() == 6


def test_two_classes_that_touch_are_outlined_each_in_its_colour():
    labels = np.full((5, 8), DOG, np.uint8)
    labels[:, 4:] = PERSON

    picture = paint(np.zeros((5, 8, 3), np.uint8), labels, look("outline"))

    assert tuple(picture[2, 3]) == BGR[DOG]
    assert tuple(picture[2, 4]) == BGR[PERSON]
    assert not picture[:, :3].any()


def test_side_by_side_shows_the_source_on_the_left_and_the_blend_on_the_right():
    image, labels = random_picture(10, 12), labels_with_square(10, 12, 2, 2, 5)

    picture = paint(image, labels, look("side-by-side", alpha=0.3))

    np.testing.assert_array_equal(picture[:, :12], image)
    np.testing.assert_array_equal(picture[:, 12:], paint(image, labels, look("blend", alpha=0.3)))


@pytest.mark.parametrize("style", ["blend", "outline"])
def test_the_very_same_picture_comes_back_where_nothing_is_painted(style):
    image = random_picture(5, 5)

    assert paint(image, np.full((5, 5), 3, np.uint8), look(style)) is image


@pytest.mark.parametrize("style", ["blend", "outline"])
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), size=st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_unpainted_pixels_stay_as_the_camera_saw_them(style, seed, size):
    image = random_picture(*size, seed)
    labels = np.random.default_rng(seed).choice([0, 3, PERSON, DOG], size).astype(np.uint8)

    picture = paint(image, labels, look(style))

    unpainted = (labels == 0) | (labels == 3)
    np.testing.assert_array_equal(picture[unpainted], image[unpainted])


def test_labels_of_another_size_are_refused():
    with pytest.raises(ValueError, match="one size"):
        paint(random_picture(4, 4), np.zeros((4, 5), np.uint8), look("blend"))

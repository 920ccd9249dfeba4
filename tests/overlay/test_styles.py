import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplab_cv.overlay.look import Backdrop, Look
from deeplab_cv.overlay.options import STYLES
from deeplab_cv.overlay.styles import paint

DOG, PERSON, SHEEP = 12, 15, 17
RED_GREEN_BLUE = {PERSON: (255, 0, 0), DOG: (0, 255, 0), SHEEP: (0, 0, 255)}
BGR = {PERSON: (0, 0, 255), DOG: (0, 255, 0), SHEEP: (255, 0, 0)}


def look(style, **changes):
    return Look(style, **{"colours": RED_GREEN_BLUE, **changes})


def random_picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def labels_with_square(height, width, top, left, side, label=PERSON):
    labels = np.zeros((height, width), np.uint8)
    labels[top : top + side, left : left + side] = label
    return labels


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


def test_replace_puts_painted_classes_before_the_backdrop():
    image, labels = random_picture(4, 4), labels_with_square(4, 4, 1, 1, 2)
    backdrop = Backdrop(np.array([[[9, 8, 7]]], np.uint8))

    picture = paint(image, labels, look("replace", backdrop=backdrop))

    expected = np.full((4, 4, 3), (9, 8, 7), np.uint8)
    expected[1:3, 1:3] = image[1:3, 1:3]
    np.testing.assert_array_equal(picture, expected)


def test_cutout_puts_painted_classes_on_a_checkerboard():
    image, labels = random_picture(3, 3), np.array([[0, 0, 0], [0, DOG, 0], [0, 0, 3]], np.uint8)

    picture = paint(image, labels, look("cutout"))

    expected = np.array([[255, 204, 255], [204, 0, 204], [255, 204, 255]], np.uint8)[:, :, None].repeat(3, axis=2)
    expected[1, 1] = image[1, 1]
    np.testing.assert_array_equal(picture, expected)


def test_checks_grow_with_the_picture():
    picture = paint(random_picture(90, 90), np.zeros((90, 90), np.uint8), look("cutout"))

    np.testing.assert_array_equal(picture[:4, :4, 0], [[255, 255, 204, 204]] * 2 + [[204, 204, 255, 255]] * 2)


def test_blur_keeps_painted_classes_sharp_and_evens_out_the_rest():
    image, labels = random_picture(100, 120), labels_with_square(100, 120, 30, 40, 20)

    picture = paint(image, labels, look("blur"))

    np.testing.assert_array_equal(picture[30:50, 40:60], image[30:50, 40:60])
    assert picture[60:].std() < image[60:].std() / 5


def test_blur_lets_no_colour_of_a_painted_class_into_the_background():
    labels = labels_with_square(360, 400, 100, 100, 120)
    image = np.full((360, 400, 3), 60, np.uint8)
    image[labels > 0] = (0, 0, 255)

    picture = paint(image, cv2.dilate(labels, np.ones((9, 9), np.uint8)), look("blur"))

    background = cv2.dilate(labels, np.ones((15, 15), np.uint8)) == 0
    assert np.abs(picture[background].astype(int) - 60).max() <= 2


@pytest.mark.parametrize("style", ["blur", "replace", "cutout"])
def test_edges_of_the_foreground_are_soft_for_a_pixel_or_two(style):
    labels = np.zeros((480, 100), np.uint8)
    labels[:, 50:] = PERSON
    image = random_picture(480, 100)

    picture = paint(image, labels, look(style))

    background = paint(image, np.zeros_like(labels), look(style))
    np.testing.assert_array_equal(picture[:, 51:], image[:, 51:])
    assert (picture[:, 49:51] != image[:, 49:51]).any(axis=(0, 2)).all()
    if style != "blur":
        np.testing.assert_array_equal(picture[:, :49], background[:, :49])
        third = image[:, 49] / 3 + background[:, 49] / 1.5
        np.testing.assert_allclose(picture[:, 49], third, atol=1)


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


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (97, 131), (300, 20)])
def test_every_style_leaves_its_input_untouched_at_every_size(style, size):
    image = random_picture(*size)
    labels = np.random.default_rng(1).choice([0, 3, PERSON, DOG], size).astype(np.uint8)
    image_before, labels_before = image.copy(), labels.copy()
    image.setflags(write=False)
    labels.setflags(write=False)

    picture = paint(image, labels, look(style))

    assert picture.shape == (size[0], size[1] * (2 if style == "side-by-side" else 1), 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(image, image_before)
    np.testing.assert_array_equal(labels, labels_before)


@pytest.mark.parametrize("style", STYLES)
def test_two_frames_painted_one_after_the_other_do_not_mix(style):
    labels = labels_with_square(20, 20, 3, 3, 8)
    first = paint(random_picture(20, 20, 1), labels, look(style)).copy()

    paint(random_picture(20, 20, 2), labels.T.copy(), look(style))

    np.testing.assert_array_equal(paint(random_picture(20, 20, 1), labels, look(style)), first)


def test_labels_of_another_size_are_refused():
    with pytest.raises(ValueError, match="one size"):
        paint(random_picture(4, 4), np.zeros((4, 5), np.uint8), look("blend"))

import cv2
import numpy as np
import pytest

from deeplab_cv.overlay.backgrounds import blurred, cut_out, over_checkerboard, put_before
from deeplab_cv.overlay.look import Backdrop
from deeplab_cv.overlay.painting import painted_pixels
from tests.overlay.scenes import DOG, PERSON, labels_with_square, look, random_picture, scored_as


def painted(image, labels, style, **changes):
    return painted_pixels(scored_as(image, labels), labels, look(style, **changes))


def test_replace_puts_painted_classes_before_the_backdrop():
    image, labels = random_picture(4, 4), labels_with_square(4, 4, 1, 1, 2)
    backdrop = Backdrop(np.array([[[9, 8, 7]]], np.uint8))

    picture = painted(image, labels, "replace", backdrop=backdrop).image

    expected = np.full((4, 4, 3), (9, 8, 7), np.uint8)
    expected[1:3, 1:3] = image[1:3, 1:3]
    np.testing.assert_array_equal(picture, expected)


def test_cutout_shows_painted_classes_on_a_checkerboard():
    image, labels = random_picture(3, 3), np.array([[0, 0, 0], [0, DOG, 0], [0, 0, 3]], np.uint8)

    picture = painted(image, labels, "cutout").image

    expected = np.array([[255, 204, 255], [204, 0, 204], [255, 204, 255]], np.uint8)[:, :, None].repeat(3, axis=2)
    expected[1, 1] = image[1, 1]
    np.testing.assert_array_equal(picture, expected)


def test_cutout_is_the_camera_s_picture_with_its_opacity_and_hides_nothing_below():
    image, labels = random_picture(3, 3), np.array([[0, 0, 0], [0, DOG, 0], [0, 0, 3]], np.uint8)

    transparent = painted(image, labels, "cutout").transparent

    expected = np.zeros((3, 3, 4), np.uint8)
    expected[1, 1] = [*image[1, 1], 255]
    np.testing.assert_array_equal(transparent, expected)


def test_other_styles_are_opaque():
    image, labels = random_picture(3, 3), labels_with_square(3, 3, 0, 0, 2)

    assert all(painted(image, labels, style).transparent is None for style in ("blend", "blur", "replace", "mask"))


def test_checks_grow_with_the_picture():
    picture = over_checkerboard(np.zeros((90, 90, 4), np.uint8))

    np.testing.assert_array_equal(picture[:4, :4, 0], [[255, 255, 204, 204]] * 2 + [[204, 204, 255, 255]] * 2)


def test_half_opaque_pixels_are_mixed_of_both_pictures():
    image, background = random_picture(5, 7), random_picture(5, 7, 1)
    opacity = np.random.default_rng(2).integers(0, 256, (5, 7)).astype(np.uint8)

    mixed = put_before(image, background, opacity)

    share = opacity[..., None] / 255
    np.testing.assert_allclose(mixed, image * share + background * (1 - share), atol=0.501)


def test_nothing_is_left_of_the_picture_where_it_is_not_seen():
    image = random_picture(4, 6)
    opacity = np.array([[0, 0, 1, 128, 255, 0]] * 4, np.uint8)

    transparent = cut_out(image, opacity)

    np.testing.assert_array_equal(transparent[..., 3], opacity)
    np.testing.assert_array_equal(transparent[:, 2:5, :3], image[:, 2:5])
    assert not transparent[:, [0, 1, 5]].any()


def test_blur_keeps_painted_classes_sharp_and_evens_out_the_rest():
    image, labels = random_picture(100, 120), labels_with_square(100, 120, 30, 40, 20)

    picture = painted(image, labels, "blur").image

    np.testing.assert_array_equal(picture[30:50, 40:60], image[30:50, 40:60])
    assert picture[60:].std() < image[60:].std() / 5


def test_blur_lets_no_colour_of_a_painted_class_into_the_background():
    labels = labels_with_square(360, 400, 100, 100, 120)
    image = np.full((360, 400, 3), 60, np.uint8)
    image[labels > 0] = (0, 0, 255)
    opacity = cv2.dilate(labels, np.ones((9, 9), np.uint8)) // PERSON * 255

    background = blurred(image, opacity)

    behind = cv2.dilate(labels, np.ones((15, 15), np.uint8)) == 0
    assert np.abs(background[behind].astype(int) - 60).max() <= 2


@pytest.mark.parametrize("style", ["blur", "replace", "cutout"])
def test_edges_of_the_foreground_are_as_soft_as_the_scores_are_unsure(style):
    image = random_picture(480, 100)
    labels = np.zeros((480, 100), np.uint8)
    labels[:, 50:] = PERSON
    unsure = scored_as(image, labels, sure=0.4)

    picture = painted_pixels(unsure, labels, look(style)).image

    background = painted_pixels(unsure, np.zeros_like(labels), look(style)).image
    np.testing.assert_array_equal(picture[:, 54:], image[:, 54:])
    assert (picture[:, 49:51] != image[:, 49:51]).any(axis=(0, 2)).all()
    if style != "blur":
        np.testing.assert_array_equal(picture[:, :46], background[:, :46])

import numpy as np
import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.overlay.look import Look
from deeplab_cv.viewer.legend import draw_legend

DOG, MOTORBIKE, PERSON = 12, 14, 15
LOOK = Look("blend", colours={PERSON: (255, 0, 0), DOG: (0, 255, 0)})
RED, GREEN = (0, 0, 255), (0, 255, 0)


def grey(height=480, width=640):
    return np.full((height, width, 3), 200, np.uint8)


def labels_of(*shares, height=480, width=640):
    """Labels whose columns belong to classes: (label, columns), ... ; the rest is background."""
    labels = np.zeros((height, width), np.uint8)
    at = 0
    for label, columns in shares:
        labels[:, at : at + columns] = label
        at += columns
    return labels


def rows_of(picture, colour_bgr):
    """The rows of a picture in which a colour occurs on several pixels."""
    return np.flatnonzero((picture == np.array(colour_bgr)).all(axis=2).sum(axis=1) > 4)


def test_a_painted_class_is_listed_with_its_colour_in_the_upper_right_corner():
    picture = draw_legend(grey(), labels_of((PERSON, 100)), LOOK, VOC_CLASSES)

    reds = np.argwhere((picture == np.array(RED)).all(axis=2))
    assert len(reds) >= 50
    assert reds[:, 0].max() < 60
    assert reds[:, 1].min() > 400
    np.testing.assert_array_equal(picture[100:], grey()[100:])


def test_painted_classes_come_first_the_largest_at_the_top():
    labels = labels_of((MOTORBIKE, 300), (PERSON, 50), (DOG, 100))

    picture = draw_legend(grey(), labels, LOOK, VOC_CLASSES)

    greens, reds, empty = rows_of(picture, GREEN), rows_of(picture, RED), rows_of(picture, (128, 128, 128))
    assert greens.max() < reds.min()
    assert reds.max() < empty.min()


def test_classes_that_are_not_in_the_picture_are_not_listed():
    picture = draw_legend(grey(), labels_of((DOG, 100)), LOOK, VOC_CLASSES)

    assert len(rows_of(picture, RED)) == 0
    assert len(rows_of(picture, GREEN)) > 0


def test_without_classes_nothing_is_drawn():
    np.testing.assert_array_equal(draw_legend(grey(), labels_of(), LOOK, VOC_CLASSES), grey())


def test_the_legend_is_drawn_into_the_picture_itself():
    picture = grey()

    assert draw_legend(picture, labels_of((DOG, 100)), LOOK, VOC_CLASSES) is picture
    assert (picture != grey()).any()


def test_shares_are_written_as_they_are():
    half, third = (draw_legend(grey(), labels_of((DOG, columns)), LOOK, VOC_CLASSES) for columns in (320, 211))

    assert (half != third).any()
    half_again = draw_legend(grey(), labels_of((MOTORBIKE, 0), (DOG, 321)), LOOK, VOC_CLASSES)
    np.testing.assert_array_equal(half, half_again)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (1080, 1920)])
def test_it_fits_every_size_of_picture(size):
    labels = np.random.default_rng(0).integers(0, 21, size).astype(np.uint8)

    assert draw_legend(grey(*size), labels, LOOK, VOC_CLASSES).shape == (*size, 3)

import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.overlay.view import View, painted_classes

PAINT = {"person": (255, 0, 0), "dog": (0, 255, 0), "sheep": (0, 0, 255)}
PICTURE = PictureOptions(paint=PAINT)


def test_only_the_classes_to_paint_are_painted():
    assert painted_classes(View(picture=PICTURE), VOC_CLASSES) == PAINT


@pytest.mark.parametrize(
    ("hidden", "left"), [({"person"}, ["dog", "sheep"]), ({"person", "sheep"}, ["dog"]), ({"goat"}, list(PAINT))]
)
def test_hidden_classes_are_not_painted(hidden, left):
    assert list(painted_classes(View(picture=PICTURE, hidden=frozenset(hidden)), VOC_CLASSES)) == left


def test_all_classes_are_painted_but_the_background():
    classes = painted_classes(View(picture=PICTURE, all_classes=True), VOC_CLASSES)

    assert tuple(classes) == VOC_CLASSES[1:]
    assert classes["person"] == (255, 0, 0)


def test_a_class_the_network_does_not_know_is_not_painted():
    assert painted_classes(View(picture=PICTURE), ("background", "person")) == {"person": (255, 0, 0)}


def test_where_nobody_chose_and_none_of_the_usual_classes_is_there_all_are_painted():
    assert list(painted_classes(View(), ("background", "goat", "hut"))) == ["goat", "hut"]
    assert painted_classes(View(picture=PictureOptions(paint={"cat": (1, 2, 3)})), ("background", "goat")) == {}

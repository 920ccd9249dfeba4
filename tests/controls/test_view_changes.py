from operator import attrgetter

import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.controls.keys import PaintClass, PaintNamed, SetView
from deeplab_cv.controls.view_changes import (
    VIEW_CHANGES,
    with_class_toggled,
    with_named_class_painted,
    with_values,
)
from deeplab_cv.overlay.options import STYLES
from deeplab_cv.overlay.view import View, painted_classes


@pytest.mark.parametrize(
    ("word", "attribute", "value"),
    [
        ("pause", "paused", True),
        ("overlay", "overlay", False),
        ("alpha_up", "picture.alpha", 0.6),
        ("alpha_down", "picture.alpha", 0.4),
        ("all_classes", "all_classes", True),
        ("smoothing", "smooth", 0.6),
        ("line", "picture.line", False),
        ("legend", "picture.legend", False),
        ("help", "help", True),
    ],
)
def test_an_action_changes_its_part_of_the_view(word, attribute, value):
    assert attrgetter(attribute)(VIEW_CHANGES[word].change(View())) == value


def test_the_style_action_goes_through_every_style_and_round():
    view, seen = View(), []
    for _ in STYLES:
        seen.append(view.picture.style)
        view = VIEW_CHANGES["style"].change(view)

    assert tuple(seen) == STYLES
    assert view.picture.style == STYLES[0]


@pytest.mark.parametrize(("word", "end"), [("alpha_up", 1.0), ("alpha_down", 0.0)])
def test_opacity_stays_between_nothing_and_full(word, end):
    view = View()
    for _ in range(20):
        view = VIEW_CHANGES[word].change(view)

    assert view.picture.alpha == end


def test_smoothing_comes_back_with_its_usual_weight():
    off = VIEW_CHANGES["smoothing"].change(View(smooth=0.3, usual_smooth=0.3))

    assert off.smooth == 0.0
    assert VIEW_CHANGES["smoothing"].change(off).smooth == 0.3


def test_a_class_action_hides_its_class_and_shows_it_again():
    hidden, words = with_class_toggled(View(), PaintClass(1), VOC_CLASSES)
    shown, words_again = with_class_toggled(hidden, PaintClass(1), VOC_CLASSES)

    assert list(painted_classes(hidden, VOC_CLASSES)) == ["dog", "sheep"]
    assert shown == View()
    assert (words, words_again) == ("1 person off", "1 person on")


def test_a_class_number_beyond_the_painted_classes_changes_nothing_and_says_so():
    view, words = with_class_toggled(View(), PaintClass(9), VOC_CLASSES)

    assert view == View()
    assert words == "there is no ninth class: 3 are painted; 0 paints all"


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("style", "style mask"),
        ("alpha_up", "opacity 0.6"),
        ("alpha_down", "opacity 0.4"),
        ("smoothing", "smoothing 0.6"),
        ("overlay", "paint off"),
        ("all_classes", "all classes painted"),
        ("line", "rate, latency and engine off"),
        ("legend", "list of classes off"),
        ("fullscreen", "full screen; f or Esc ends it"),
    ],
)
def test_a_change_says_its_new_value(word, words):
    change = VIEW_CHANGES[word]

    assert change.words(change.change(View())) == words


def test_a_class_that_is_switched_off_stays_off_when_all_are_painted():
    without_sheep, _ = with_class_toggled(View(), PaintClass(3), VOC_CLASSES)
    painted = painted_classes(VIEW_CHANGES["all_classes"].change(without_sheep), VOC_CLASSES)

    assert [name for name in VOC_CLASSES[1:] if name not in painted] == ["sheep"]


def test_a_class_is_switched_off_and_on_by_its_name_and_keeps_its_key():
    off, words = with_named_class_painted(View(), PaintNamed(name="dog", on=False), VOC_CLASSES)
    on, words_again = with_named_class_painted(off, PaintNamed(name="dog", on=True), VOC_CLASSES)

    assert list(painted_classes(off, VOC_CLASSES)) == ["person", "sheep"]
    assert off.hidden == {"dog"}
    assert painted_classes(on, VOC_CLASSES) == painted_classes(View(), VOC_CLASSES)
    assert (words, words_again) == ("dog off", "dog on")


def test_a_class_that_was_not_painted_comes_last_in_its_own_colour():
    view, _ = with_named_class_painted(View(), PaintNamed(name="cat", on=True), VOC_CLASSES)

    assert list(painted_classes(view, VOC_CLASSES).items())[-1] == ("cat", (64, 0, 0))
    assert list(painted_classes(view, VOC_CLASSES))[:3] == ["person", "dog", "sheep"]


def test_another_colour_leaves_a_class_on_or_off():
    off, _ = with_named_class_painted(View(), PaintNamed(name="dog", on=False), VOC_CLASSES)
    coloured, _ = with_named_class_painted(off, PaintNamed(name="dog", colour=(1, 2, 3)), VOC_CLASSES)
    on, _ = with_named_class_painted(coloured, PaintNamed(name="dog", on=True), VOC_CLASSES)

    assert "dog" not in painted_classes(coloured, VOC_CLASSES)
    assert painted_classes(on, VOC_CLASSES)["dog"] == (1, 2, 3)


def test_a_network_of_other_classes_keeps_all_of_them_when_one_is_named():
    names = ("background", "crack", "rust")
    view, _ = with_named_class_painted(View(), PaintNamed(name="rust", colour=(9, 9, 9)), names)

    assert list(painted_classes(view, names)) == ["crack", "rust"]
    assert painted_classes(view, names)["rust"] == (9, 9, 9)


@pytest.mark.parametrize("name", ["unicorn", "background", ""])
def test_a_class_that_the_network_lacks_changes_nothing_and_is_said(name):
    view, words = with_named_class_painted(View(), PaintNamed(name=name, on=True), VOC_CLASSES)

    assert view == View()
    assert words == f"this network has no class {name}"


def test_values_are_set_and_said():
    view, words = with_values(View(), SetView(style="outline", alpha=0.7, smooth=0.3))

    assert (view.picture.style, view.picture.alpha, view.smooth) == ("outline", 0.7, 0.3)
    assert words == "style outline; opacity 0.7; style outline does not show it; smoothing 0.3"


def test_values_that_are_not_named_stay_and_smoothing_of_0_keeps_its_usual_weight():
    view, _ = with_values(View(smooth=0.3, usual_smooth=0.3), SetView(smooth=0.0))

    assert (view.picture, view.smooth, view.usual_smooth) == (View().picture, 0.0, 0.3)

from operator import attrgetter

import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.controls.keys import PaintClass
from deeplab_cv.controls.view_changes import VIEW_CHANGES, with_class_toggled
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

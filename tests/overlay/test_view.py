import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.controls.keys import KEYS, action_of, changed, help_rows
from deeplab_cv.overlay.view import STYLES, View, painted_classes
from deeplab_cv.settings import Settings
from deeplab_cv.start import first_view

PAINT = {"person": (255, 0, 0), "dog": (0, 255, 0), "sheep": (0, 0, 255)}


@pytest.fixture
def view():
    return View()


def test_no_key_means_two_things():
    codes = [code for key in KEYS for code in key.codes]

    assert len(codes) == len(set(codes))


def test_every_key_of_the_table_is_found_by_its_code_and_stands_in_the_help():
    assert all(action_of(code) == key.action for key in KEYS for code in key.codes)
    labels = {label for label, _ in help_rows()}
    assert {key.label for key in KEYS if not key.action.startswith("class_")} < labels


def test_no_key_and_a_key_without_meaning_do_nothing():
    assert action_of(-1) is None
    assert action_of(ord("z")) is None


def test_high_bits_that_some_windows_add_to_a_key_are_ignored():
    assert action_of(ord("q") | 0x100000) == "quit"


@pytest.mark.parametrize(
    ("action", "attribute", "value"),
    [
        ("pause", "paused", True),
        ("step", "paused", True),
        ("overlay", "overlay", False),
        ("alpha_up", "alpha", 0.6),
        ("alpha_down", "alpha", 0.4),
        ("all_classes", "all_classes", True),
        ("smoothing", "smooth", 0.6),
        ("line", "line", False),
        ("legend", "legend", False),
        ("help", "help", True),
        ("segment", "overlay", True),
        ("restart", "overlay", False),
        ("class_2", "hidden", frozenset({1})),
    ],
)
def test_a_key_changes_its_part_of_the_view(view, action, attribute, value):
    assert getattr(changed(view, action), attribute) == value


def test_the_style_key_goes_through_every_style_and_round(view):
    seen = []
    for _ in STYLES:
        seen.append(view.style)
        view = changed(view, "style")

    assert tuple(seen) == STYLES
    assert view.style == STYLES[0]


def test_opacity_stays_between_nothing_and_full(view):
    for _ in range(20):
        view = changed(view, "alpha_up")
    assert view.alpha == 1.0
    for _ in range(20):
        view = changed(view, "alpha_down")
    assert view.alpha == 0.0


def test_smoothing_comes_back_with_its_usual_weight():
    view = View(smooth=0.3, usual_smooth=0.3)
    off = changed(view, "smoothing")

    assert off.smooth == 0.0
    assert changed(off, "smoothing").smooth == 0.3


def test_only_the_classes_of_the_settings_are_painted(view):
    assert painted_classes(view, VOC_CLASSES) == PAINT


def test_a_class_key_hides_its_class_and_shows_it_again(view):
    hidden = changed(view, "class_1")

    assert "person" not in painted_classes(hidden, VOC_CLASSES)
    assert painted_classes(changed(hidden, "class_1"), VOC_CLASSES) == PAINT


def test_all_classes_are_painted_but_the_background(view):
    classes = painted_classes(changed(view, "all_classes"), VOC_CLASSES)

    assert tuple(classes) == VOC_CLASSES[1:]
    assert classes["person"] == (255, 0, 0)


def test_a_class_the_network_does_not_know_is_not_painted(view):
    assert painted_classes(view, ("background", "person")) == {"person": (255, 0, 0)}


def test_a_picture_waits_unpainted_for_segment():
    view = first_view(Settings(), pictures=True)

    assert not view.overlay
    assert view.paused

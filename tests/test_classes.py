import pytest

from deeplab_cv.classes import (
    VOC_CLASSES,
    default_colour,
    known_class,
    parse_colour,
    parse_paint,
    resolved_paint,
    voc_palette,
)
from deeplab_cv.errors import SettingsError


@pytest.mark.parametrize(
    ("name", "rgb"), [("aeroplane", (128, 0, 0)), ("cat", (64, 0, 0)), ("tvmonitor", (0, 64, 128))]
)
def test_the_palette_holds_the_colours_that_voc_publishes(name, rgb):
    assert voc_palette()[VOC_CLASSES.index(name)] == rgb


def test_no_two_labels_have_one_colour():
    assert len(set(voc_palette())) == 256


@pytest.mark.parametrize(
    "written", ["#ff8000", "255,128,0", "(255, 128, 0)", [255, 128, 0], " #FF8000 ", "ff8000", "rgb(255,128,0)"]
)
def test_a_colour_is_read_however_it_is_written(written):
    assert parse_colour(written) == (255, 128, 0)


@pytest.mark.parametrize("written", ["rot", "#ff80", "f80", "255,128", "1,2,3,4", "256,0,0", "", None])
def test_what_is_no_colour_is_refused_with_how_one_is_written(written):
    with pytest.raises(ValueError, match="#ff0000 or 255,0,0"):
        parse_colour(written)


def test_the_tutorial_s_three_classes_have_its_colours_and_the_others_those_of_voc():
    assert [default_colour(name) for name in ("person", "dog", "sheep")] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert default_colour("aeroplane") == (128, 0, 0)
    assert default_colour("unicorn") != (0, 0, 0)


@pytest.mark.parametrize(
    ("written", "rgb"),
    [("red", (255, 0, 0)), ("Grey", (128, 128, 128)), ("gray", (128, 128, 128)), ("#f80", (255, 136, 0))],
)
def test_a_colour_may_be_a_name_or_three_digits(written, rgb):
    assert parse_colour(written) == rgb


def test_a_misspelt_colour_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"did you mean green\?"):
        parse_colour("gren")


@pytest.mark.parametrize(
    ("written", "painted"),
    [
        ("person,dog", {"person": (255, 0, 0), "dog": (0, 255, 0)}),
        ("person, dog;sheep", {"person": (255, 0, 0), "dog": (0, 255, 0), "sheep": (0, 0, 255)}),
        ("person=red", {"person": (255, 0, 0)}),
        ("person: blue dog = #f00", {"person": (0, 0, 255), "dog": (255, 0, 0)}),
        ("person #0000ff dog", {"person": (0, 0, 255), "dog": (0, 255, 0)}),
        ("person=1, 2, 3, dog", {"person": (1, 2, 3), "dog": (0, 255, 0)}),
        ("Person=0000ff", {"person": (0, 0, 255)}),
        ("15 8", {"person": (255, 0, 0), "cat": (64, 0, 0)}),
        ("people dogs", {"person": (255, 0, 0), "dog": (0, 255, 0)}),
        ("airplane tv couch dining_table", dict.fromkeys(("aeroplane", "tvmonitor", "sofa", "diningtable"))),
        (["dining table=red"], {"diningtable": (255, 0, 0)}),
        ({"Person": "red"}, {"person": (255, 0, 0)}),
        ("", {}),
    ],
)
def test_classes_to_paint_are_understood_however_they_are_written(written, painted):
    usual = {name: colour or default_colour(name) for name, colour in painted.items()}

    assert resolved_paint(parse_paint(written), VOC_CLASSES) == usual


@pytest.mark.parametrize("written", ["all", "ALL", "all person=blue", "person=blue all"])
def test_all_is_every_class_but_the_background(written):
    painted = resolved_paint(parse_paint(written), VOC_CLASSES)

    assert sorted(painted) == sorted(VOC_CLASSES[1:])
    assert painted["person"] == ((0, 0, 255) if "blue" in written else (255, 0, 0))
    assert painted["cat"] == (64, 0, 0)


@pytest.mark.parametrize("written", ["=red", "all=red", "person dog =", "#ff0000"])
def test_what_is_no_list_of_classes_is_refused_with_how_one_is_written(written):
    with pytest.raises(ValueError, match="person"):
        parse_paint(written)


@pytest.mark.parametrize(
    ("name", "classes", "place"),
    [
        ("goat", ("nothing", "Goat"), 1),
        ("persons", ("nothing", "pedestrian"), 1),
        ("sofa", ("nothing", "couch"), 1),
        ("2", ("0", "1", "3"), 2),
        ("1", ("2", "1", "0"), 1),
        ("bus", ("nothing", "bus"), 1),
        ("dining table", ("nothing", "dining-table"), 1),
    ],
)
def test_a_class_of_any_network_is_found_by_the_names_that_people_have_for_it(name, classes, place):
    assert known_class(name, classes) == place


@pytest.mark.parametrize("name", ["21", "-1", "", "unicorn"])
def test_a_class_that_a_network_lacks_is_refused_with_those_it_has(name):
    with pytest.raises(SettingsError, match="this network knows background, aeroplane"):
        known_class(name, VOC_CLASSES)

import pytest

from deeplab_cv.classes import VOC_CLASSES, default_colour, parse_colour, voc_palette


@pytest.mark.parametrize(
    ("name", "rgb"), [("aeroplane", (128, 0, 0)), ("cat", (64, 0, 0)), ("tvmonitor", (0, 64, 128))]
)
def test_the_palette_holds_the_colours_that_voc_publishes(name, rgb):
    assert voc_palette()[VOC_CLASSES.index(name)] == rgb


def test_no_two_labels_have_one_colour():
    assert len(set(voc_palette())) == 256


@pytest.mark.parametrize("written", ["#ff8000", "255,128,0", "(255, 128, 0)", [255, 128, 0], " #FF8000 "])
def test_a_colour_is_read_however_it_is_written(written):
    assert parse_colour(written) == (255, 128, 0)


@pytest.mark.parametrize("written", ["red", "#ff80", "255,128", "1,2,3,4", "256,0,0", "", None])
def test_what_is_no_colour_is_refused_with_how_one_is_written(written):
    with pytest.raises(ValueError, match="#ff0000 or 255,0,0"):
        parse_colour(written)


def test_the_tutorial_s_three_classes_have_its_colours_and_the_others_those_of_voc():
    assert [default_colour(name) for name in ("person", "dog", "sheep")] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert default_colour("aeroplane") == (128, 0, 0)
    assert default_colour("unicorn") != (0, 0, 0)

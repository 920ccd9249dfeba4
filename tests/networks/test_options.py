import pytest

from deeplab_cv.errors import SettingsError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.options import checked


@pytest.mark.parametrize("value", ["1, 2.5,3", "1 2.5 3", [1, 2.5, 3], (1, 2.5, 3)])
def test_three_numbers_may_be_written_in_several_ways(value):
    assert checked(NetworkOptions, mean=value).mean == (1.0, 2.5, 3.0)


@pytest.mark.parametrize("value", ["1,2", "1,2,3,4", "", [1, 2], 5, {"r": 1}])
def test_other_than_three_numbers_are_one_line_that_shows_how_to_write_them(value):
    with pytest.raises(SettingsError, match=r"three numbers are written 127\.5,127\.5,127\.5") as error:
        checked(NetworkOptions, std=value)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize("values", [{"size": "512"}, {"size": "512 x 512"}, {"size": "-1x5"}, {"order": "rbg"}])
def test_a_size_or_an_order_of_another_form_is_refused_by_its_name(values):
    with pytest.raises(SettingsError, match=next(iter(values))):
        checked(NetworkOptions, **values)


def test_the_size_is_width_by_height():
    assert NetworkOptions(size="640x480").input_size == Size(640, 480)
    assert NetworkOptions().input_size is None


@pytest.mark.parametrize("size", ["0x512", "512x0"])
def test_a_side_of_nothing_is_wrong_use(size):
    with pytest.raises(UsageError, match=f"--size {size}"):
        _ = NetworkOptions(size=size).input_size


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (NetworkOptions(), False),
        (NetworkOptions(model="net.onnx"), False),
        (NetworkOptions(classes="voc"), False),
        (NetworkOptions(order="rgb"), False),
        (NetworkOptions(classes="names.txt"), True),
        (NetworkOptions(mean=(0, 0, 0)), True),
        (NetworkOptions(std=(1, 1, 1)), True),
        (NetworkOptions(order="bgr"), True),
        (NetworkOptions(size="64x64"), True),
        (NetworkOptions(align_corners=True), True),
    ],
)
def test_what_a_card_would_say_is_told_from_what_holds_anyway(options, says):
    assert options.says_what_a_card_says == says

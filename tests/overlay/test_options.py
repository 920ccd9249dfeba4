import pytest

from deeplab_cv.errors import SettingsError
from deeplab_cv.overlay.options import picture_options


def test_classes_may_be_written_as_on_the_command_line():
    assert picture_options(paint="person dog=#010203").paint == {"person": (255, 0, 0), "dog": (1, 2, 3)}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"style": "blurr"}, "unknown style: blurr; did you mean blur"),
        ({"alpha": 2}, "wrong value 2: alpha"),
        ({"paint": "person=rot"}, "a colour is written"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_painted_is_one_line(values, message):
    with pytest.raises(SettingsError, match=message) as error:
        picture_options(**values)

    assert "\n" not in str(error.value)

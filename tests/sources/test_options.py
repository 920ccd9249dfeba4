import pytest

from deeplab_cv.errors import SettingsError
from deeplab_cv.options import checked
from deeplab_cv.sources.options import SourceOptions


@pytest.mark.parametrize(
    "values",
    [{"camera": "0"}, {"camera": ""}, {"video": "a.mp4"}, {"image": "a.jpg"}, {"pattern": True}, {"demo": True}],
)
def test_any_one_of_the_five_names_a_source(values):
    assert not SourceOptions(**values).names_none


@pytest.mark.parametrize("values", [{}, {"pattern": False, "demo": False}, {"width": 640, "loop": True, "every": 2}])
def test_how_a_source_is_read_names_none(values):
    assert SourceOptions(**values).names_none


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("width", 0),
        ("height", 16385),
        ("fps", 0),
        ("fps", float("nan")),
        ("every", 0),
        ("every", 1.5),
        ("start", -1),
        ("end", 0),
        ("camera", [["0"]]),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_its_name(key, value):
    with pytest.raises(SettingsError, match=key) as error:
        checked(SourceOptions, **{key: value})

    assert "\n" not in str(error.value)

import math

import pytest

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import SettingsError
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.options import checked, shown
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.sources.options import SourceOptions


def test_right_values_become_options():
    assert checked(EngineOptions, threads=2) == EngineOptions(backend="auto", threads=2)


@pytest.mark.parametrize(("values", "part"), [({"threads": -1}, "-1"), ({"thread": 2}, "thread")])
def test_a_wrong_value_and_an_unknown_name_are_one_line(values, part):
    with pytest.raises(SettingsError, match=part) as error:
        checked(EngineOptions, **values)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (SourceOptions, {"start": 1e300}),
        (SourceOptions, {"start": math.inf}),
        (SourceOptions, {"end": math.inf}),
        (SourceOptions, {"end": math.nan}),
        (SourceOptions, {"fps": 0.0001}),
        (SourceOptions, {"every": 10**20}),
        (PaceOptions, {"target_fps": 1e-300}),
        (NetworkOptions, {"std": "0,0,0"}),
        (NetworkOptions, {"std": "-1,1,1"}),
        (NetworkOptions, {"std": "1e-300,1,1"}),
        (NetworkOptions, {"mean": "inf,1,1"}),
        (NetworkOptions, {"mean": [math.nan, 1, 1]}),
    ],
)
def test_numbers_that_nothing_can_be_computed_with_are_refused(kind, values):
    with pytest.raises(SettingsError, match="wrong value"):
        checked(kind, **values)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x" * 10**6, "'xxxxxxxxxxxx...xxxxxxxxxxxxx'"),
        (["a"] * 10**6, "['a', 'a', 'a', 'a', 'a', 'a', ...]"),
        (10**5000, "a number of thousands of digits"),
        (0.5, "0.5"),
    ],
    ids=["text", "list", "integer", "number"],
)
def test_a_long_value_is_shown_by_its_beginning(value, text):
    assert shown(value) == text


def test_a_text_that_no_name_can_hold_is_refused():
    with pytest.raises(SettingsError, match="number 0"):
        checked(SourceOptions, video="a\0b")

import pytest

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import SettingsError
from deeplab_cv.options import checked


def test_right_values_become_options():
    assert checked(EngineOptions, threads=2) == EngineOptions(backend="auto", threads=2)


@pytest.mark.parametrize(("values", "part"), [({"threads": -1}, "-1"), ({"thread": 2}, "thread")])
def test_a_wrong_value_and_an_unknown_name_are_one_line(values, part):
    with pytest.raises(SettingsError, match=part) as error:
        checked(EngineOptions, **values)

    assert "\n" not in str(error.value)

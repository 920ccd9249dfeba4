import pytest

from deeplab_cv.errors import SettingsError
from deeplab_cv.options import checked
from deeplab_cv.sinks.options import OutputOptions


@pytest.mark.parametrize("values", [{"out": "a.mp4"}, {"masks": "folder"}, {"stats": "areas.csv"}])
def test_a_named_output_is_a_file_to_write(values):
    assert OutputOptions(**values).writes_files


@pytest.mark.parametrize("values", [{}, {"out": ""}, {"headless": True, "codec": "h264", "crf": 20, "preset": "fast"}])
def test_how_something_is_written_is_no_output_by_itself(values):
    assert not OutputOptions(**values).writes_files


@pytest.mark.parametrize(("key", "value"), [("crf", -1), ("crf", 64), ("codec", "mpeg2"), ("outt", "a.mp4")])
def test_a_value_that_no_encoder_takes_is_refused_by_its_name(key, value):
    with pytest.raises(SettingsError, match=key):
        checked(OutputOptions, **{key: value})

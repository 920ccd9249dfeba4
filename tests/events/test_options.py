import pytest

from deeplab_cv.errors import SettingsError
from deeplab_cv.events.options import EventOptions, bytes_of, seconds_of
from deeplab_cv.options import checked


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10GB", 10**10),
        ("10 gb", 10**10),
        ("1.5MB", 1_500_000),
        ("2GiB", 2 << 30),
        ("300", 300),
        ("1tb", 10**12),
        ("7kB", 7000),
    ],
)
def test_sizes_are_read_as_people_write_them(text, size):
    assert bytes_of(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30d", 30 * 86_400), ("12h", 43_200), ("90 min", 5400), ("45s", 45), ("2w", 14 * 86_400), ("0.5d", 43_200)],
)
def test_times_are_read_as_people_write_them(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "GB", "ten GB", "-1GB", "0", "0GB", "1e9", "10 GB GB", "10X", "nan", "10GB/s"])
@pytest.mark.parametrize("name", ["record_limit", "record_free"])
def test_what_is_no_size_is_refused_with_an_example(name, text):
    with pytest.raises(SettingsError, match="such as 10GB"):
        checked(EventOptions, **{name: text})


@pytest.mark.parametrize("text", ["", "d", "30", "30 days", "-1d", "0d", "1m", "1y"])
def test_what_is_no_time_is_refused_with_an_example(text):
    with pytest.raises(SettingsError, match="such as 30d"):
        checked(EventOptions, record_age=text)


@pytest.mark.parametrize(
    ("name", "value"),
    [("record_share", 0), ("record_share", 1.1), ("record_for", -1), ("pre_roll", 61), ("post_roll", -0.1)],
)
def test_numbers_have_limits(name, value):
    with pytest.raises(SettingsError, match="wrong value"):
        checked(EventOptions, **{name: value})


def test_something_is_recorded_where_a_class_or_a_folder_is_named():
    options = [EventOptions(), EventOptions(record_when="person"), EventOptions(record_to="here")]

    assert [each.records for each in options] == [False, True, True]

import os

import pytest

from deeplab_cv.events.records import begin_record
from deeplab_cv.events.retention import KeepLimits, make_room
from tests.events.footage import NOW_S, begun_at, kept_video

DAY_S = 86_400


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def folder(tmp_path):
    """Recordings of one, two and three days ago, of some 10 kB each, beside what is somebody else's."""
    for days in (1, 2, 3):
        kept_video(tmp_path, f"day-{days}", ended_s=NOW_S - days * DAY_S, size=10_000)
    (tmp_path / "holiday.mp4").write_bytes(bytes(50_000))
    os.utime(tmp_path / "holiday.mp4", (0, 0))
    (tmp_path / "day-4.json").write_text("{}")
    (tmp_path / "day-4.mp4").write_bytes(bytes(50_000))
    os.utime(tmp_path / "day-4.mp4", (0, 0))
    return tmp_path


def test_without_limits_nothing_is_deleted(folder):
    before = names(folder)

    assert make_room(folder, KeepLimits(), now_s=NOW_S) == []
    assert names(folder) == before


def test_what_is_too_old_is_deleted_with_its_record(folder):
    deleted = make_room(folder, KeepLimits(most_age_s=1.5 * DAY_S), now_s=NOW_S)

    assert [path.name for path in deleted] == ["day-3.mp4", "day-2.mp4"]
    assert names(folder) == ["day-1.json", "day-1.mp4", "day-4.json", "day-4.mp4", "holiday.mp4"]


def test_the_oldest_go_until_the_rest_is_small_enough(folder):
    deleted = make_room(folder, KeepLimits(most_bytes=25_000), now_s=NOW_S)

    assert [path.name for path in deleted] == ["day-3.mp4"]


def test_the_oldest_go_until_the_disk_has_room(folder):
    def free(place):
        return 40_000 - sum(path.stat().st_size for path in place.glob("day-[123].mp4"))

    deleted = make_room(folder, KeepLimits(least_free=25_000), now_s=NOW_S, free=free)

    assert [path.name for path in deleted] == ["day-3.mp4", "day-2.mp4"]


def test_a_disk_whose_room_nobody_knows_is_left_alone(folder):
    def free(place):
        raise OSError("no such call")

    assert make_room(folder, KeepLimits(least_free=10**18), now_s=NOW_S, free=free) == []


def test_somebody_else_s_files_stay_whatever_the_limits(folder):
    make_room(folder, KeepLimits(most_bytes=1, most_age_s=1, least_free=10**18), now_s=NOW_S)

    assert names(folder) == ["day-4.json", "day-4.mp4", "holiday.mp4"]


def test_what_is_being_recorded_stays(tmp_path):
    path, _ = begin_record(tmp_path, "person", begun_at(0.0))

    make_room(tmp_path, KeepLimits(most_bytes=1, most_age_s=1), now_s=NOW_S)

    assert names(tmp_path) == [f"{path.stem}.json"]


def test_the_part_that_a_killed_run_left_goes_too(tmp_path):
    path, record = begin_record(tmp_path, "person", begun_at(0.0))
    part = path.with_suffix(".partial.mp4")
    part.write_bytes(bytes(100))
    text = path.with_suffix(".json").read_text()
    path.with_suffix(".json").write_text(text.replace(record.file, part.name))

    assert make_room(tmp_path, KeepLimits(most_bytes=1)) == [part]
    assert names(tmp_path) == []


def test_a_copy_made_later_is_as_old_as_what_it_shows(folder):
    os.utime(folder / "day-3.mp4", (NOW_S, NOW_S))

    assert [path.name for path in make_room(folder, KeepLimits(most_age_s=2.5 * DAY_S), now_s=NOW_S)] == ["day-3.mp4"]


def test_a_folder_that_is_not_there_is_no_error(tmp_path):
    assert make_room(tmp_path / "gone", KeepLimits(most_bytes=1, least_free=10**18)) == []

import json
from datetime import datetime

import pytest

from deeplab_cv.errors import SinkError
from deeplab_cv.events.records import EventRecord, as_date, begin_record, forget, kept_in, mend_records, write_record
from deeplab_cv.machine.files import Draft
from tests.events.footage import begun_at, kept_video


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_record_names_its_video_and_lies_beside_it(tmp_path):
    path, record = begin_record(tmp_path / "new", "person", begun_at(0.0))

    said = json.loads(path.with_suffix(".json").read_text())
    assert said["file"] == record.file == path.name
    assert path.name.startswith("person-") and path.suffix == ".mp4"
    assert said["end"] is None and said["recorded_by"] == "deeplab-cv"


def test_no_two_recordings_of_one_second_have_one_name(tmp_path):
    paths = {begin_record(tmp_path, "person", begun_at(0.0))[0] for _ in range(5)}

    assert len(paths) == 5
    assert len(names(tmp_path)) == 5


def test_a_video_without_a_record_keeps_its_name(tmp_path):
    path, record = begin_record(tmp_path, "person", begun_at(0.0))
    forget(tmp_path, record)
    path.write_bytes(b"somebody's own")

    assert begin_record(tmp_path, "person", begun_at(0.0))[0] != path


def test_a_folder_that_cannot_be_is_one_line(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(SinkError, match="cannot write"):
        begin_record(tmp_path / "file" / "folder", "person", begun_at(0.0))


def test_dates_have_the_zone_and_milliseconds():
    date = as_date(1_700_000_000.25)

    assert datetime.fromisoformat(date).timestamp() == 1_700_000_000.25
    assert datetime.fromisoformat(date).tzinfo is not None


def test_only_records_of_this_program_are_known_again(tmp_path):
    kept_video(tmp_path, "mine")
    for name, text in {
        "empty": "",
        "list": "[]",
        "other": json.dumps({"file": "other.mp4", "source": "x", "start": "y", "start_s": 0}),
        "elsewhere": json.dumps({"recorded_by": "deeplab-cv", "file": "../up.mp4", "source": "x", "start": "y"}),
        "another": json.dumps(
            {"recorded_by": "deeplab-cv", "file": "mine.mp4", "source": "x", "start": "y", "start_s": 0}
        ),
        "numbers": json.dumps({"recorded_by": "deeplab-cv", "file": 7, "source": 1, "start": 2, "start_s": "z"}),
        "deep": "[" * 100_000,
        "binary": "\x00\xff",
    }.items():
        (tmp_path / f"{name}.json").write_text(text)
        (tmp_path / f"{name}.mp4").write_bytes(b"somebody's own")

    assert [kept.record_file.name for kept in kept_in(tmp_path)] == ["mine.json"]


def test_a_record_of_another_version_is_known_by_what_it_has(tmp_path):
    kept_video(tmp_path, "mine")
    said = json.loads((tmp_path / "mine.json").read_text())
    del said["peak"]
    (tmp_path / "mine.json").write_text(json.dumps(said | {"new": 1}))

    assert [kept.record.source for kept in kept_in(tmp_path)] == ["camera 0"]


def test_links_are_not_followed(tmp_path):
    (tmp_path / "there").mkdir()
    kept_video(tmp_path / "there", "mine")
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "mine.json").symlink_to(tmp_path / "there" / "mine.json")
    kept_video(folder, "linked")
    (folder / "linked.mp4").unlink()
    (folder / "linked.mp4").symlink_to(tmp_path / "there" / "mine.mp4")

    assert [(kept.record_file.name, kept.video) for kept in kept_in(folder)] == [("linked.json", None)]


def test_the_record_of_a_killed_run_names_the_part_that_is_kept(tmp_path):
    path, _ = begin_record(tmp_path, "person", begun_at(0.0))
    part = path.with_suffix(".partial.mp4")
    part.write_bytes(b"what plays")

    mend_records(tmp_path)

    (kept,) = kept_in(tmp_path)
    assert kept.video == part and not kept.record.whole


def test_the_record_of_a_killed_run_that_kept_nothing_goes(tmp_path):
    begin_record(tmp_path, "person", begun_at(0.0))

    mend_records(tmp_path)

    assert names(tmp_path) == []


def test_what_another_run_is_writing_is_left_alone(tmp_path):
    path, _ = begin_record(tmp_path, "person", begun_at(0.0))
    draft = Draft(path)
    before = names(tmp_path)

    mend_records(tmp_path)

    assert names(tmp_path) == before
    draft.discard()


def test_what_is_over_is_left_as_it_is(tmp_path):
    kept_video(tmp_path, "mine")
    (tmp_path / "mine.mp4").unlink()
    before = (tmp_path / "mine.json").read_text()

    mend_records(tmp_path)

    assert (tmp_path / "mine.json").read_text() == before


def test_a_record_is_replaced_whole(tmp_path):
    path, record = begin_record(tmp_path, "person", begun_at(0.0))
    write_record(tmp_path, EventRecord(source="camera 1", when=None, start=record.start, start_s=1.0, file=record.file))

    assert json.loads(path.with_suffix(".json").read_text())["source"] == "camera 1"
    assert names(tmp_path) == [f"{path.stem}.json"]

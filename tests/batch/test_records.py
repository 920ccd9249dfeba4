"""The lines of done.jsonl."""

import json
import os

import pytest

from deeplab_cv.batch.places import FolderPlace
from deeplab_cv.batch.records import Records, line_of, record_of
from deeplab_cv.batch.work import DoneRecord, Identity, Output
from deeplab_cv.errors import SinkError

WHOLE = DoneRecord(
    "a.png", "a.png", Identity(3, "7"), "hash", outputs=(Output("painted/a.png", 5, "ab"),), frames=1, seconds=0.5
)
FAILED = DoneRecord("b.png", "b.png", None, "hash", stage="read", reason="it is empty")


@pytest.fixture
def place(tmp_path):
    return FolderPlace(tmp_path)


def all_in(records):
    """What is known of every file."""
    return [record for file in records.names if (record := records.of(file)) is not None]


def written(place, *records):
    notes = Records(place)
    for record in records:
        notes.add(record)
    notes.close()


@pytest.mark.parametrize("record", [WHOLE, FAILED, DoneRecord(os.fsdecode(b"caf\xe9.png"), "x", None, "hash")])
def test_a_record_comes_back_as_it_was(record):
    assert record_of(json.loads(json.dumps(line_of(record)))) == record


def test_the_next_run_reads_what_this_one_noted(place):
    written(place, WHOLE, FAILED)

    notes = Records(place)

    assert (notes.of("a.png"), notes.of("b.png"), notes.of("c.png")) == (WHOLE, FAILED, None)
    assert notes.own == {"painted/a.png"}


def test_the_last_line_of_a_file_holds(place):
    written(place, DoneRecord("a.png", "a.png", None, "hash", stage="read", reason="no"), WHOLE)

    assert all_in(Records(place)) == [WHOLE]


def test_a_line_that_a_killed_run_did_not_finish_is_cut_off(place, tmp_path):
    written(place, WHOLE)
    with (tmp_path / "done.jsonl").open("ab") as file:
        file.write(b'{"input": "b.p')

    written(place, FAILED)

    assert all_in(Records(place)) == [WHOLE, FAILED]


def test_after_a_new_beginning_outputs_are_still_the_job_s_own(place):
    notes = Records(place)
    notes.add(WHOLE)
    notes.begin_anew()
    notes.close()

    again = Records(place)

    assert all_in(again) == []
    assert again.names == {WHOLE.input: WHOLE.name}
    assert again.own == {"painted/a.png"}


DAMAGED = ["no json", "[1]", "null", '{"input": "a"}', '{"input": "a", "surprise": 1}', "\0\0\0\0"]


@pytest.mark.parametrize("line", DAMAGED)
def test_a_damaged_line_is_passed_over(place, tmp_path, line):
    written(place, WHOLE)
    with (tmp_path / "done.jsonl").open("a", encoding="ascii") as file:
        file.write(line + "\n")
    written(place, FAILED)

    assert all_in(Records(place)) == [WHOLE, FAILED]


@pytest.mark.parametrize("line", DAMAGED)
def test_a_file_without_a_single_record_is_another_s(place, tmp_path, line):
    (tmp_path / "done.jsonl").write_text(line + "\n", encoding="ascii")

    with pytest.raises(SinkError, match="no record of a batch job"):
        Records(place)

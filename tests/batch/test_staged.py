"""Outputs beside their places, until all of a file are whole."""

import pytest

from deeplab_cv.batch import staged
from deeplab_cv.batch.places import FolderPlace
from deeplab_cv.batch.work import DoneRecord, Identity, Output


@pytest.fixture
def place(tmp_path):
    place = FolderPlace(tmp_path / "out")
    place.prepare()
    return place


def whole(place, own=()):
    """A file with two outputs, whole and not landed."""
    folder = staged.staged_folder(place, "a.png")
    staged.begin(folder)
    (folder / "painted.png").write_bytes(b"painted")
    (folder / "masks").mkdir()
    (folder / "masks" / "000000.png").write_bytes(b"mask")
    made = {"painted.png": "painted/a.png", "masks": "masks/a"}
    outputs = tuple(staged.output_of(folder / name, path) for name, path in made.items())
    record = DoneRecord("a.png", "a.png", Identity(1, "1"), "hash", outputs=outputs, frames=1)
    staged.note_whole(folder, record, made, own)
    return folder, record


def test_outputs_get_their_places_together(place):
    folder, record = whole(place)

    assert staged.land(place, folder) == record
    assert (place.local / "painted" / "a.png").read_bytes() == b"painted"
    assert (place.local / "masks" / "a" / "000000.png").read_bytes() == b"mask"
    assert all(place.holds(output) for output in record.outputs)


def test_landing_goes_on_where_it_was_broken_off(place):
    folder, record = whole(place)
    place.land(folder / "painted.png", "painted/a.png", replaces=False)

    assert list(staged.land_what_is_left(place)) == [record]
    assert all(place.holds(output) for output in record.outputs)
    assert not folder.exists()


def test_what_is_not_whole_is_deleted(place):
    folder = staged.staged_folder(place, "b.png")
    staged.begin(folder)
    (folder / "painted.png").write_bytes(b"half")

    assert list(staged.land_what_is_left(place)) == []
    assert not folder.exists()


def test_a_file_of_somebody_else_is_not_replaced_and_one_of_the_job_is(place):
    (place.local / "painted").mkdir()
    (place.local / "painted" / "a.png").write_bytes(b"old")

    refused = staged.land(place, whole(place)[0])
    landed = staged.land(place, whole(place, own=("painted/a.png",))[0])

    assert refused.stage == "write"
    assert not landed.failed
    assert (place.local / "painted" / "a.png").read_bytes() == b"painted"


def test_the_hash_of_a_folder_is_that_of_names_and_contents(tmp_path):
    def output(**files):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="ascii")
        return staged.output_of(folder, "masks/a")

    first = output(a="1", b="2")

    assert first == output(b="2", a="1")
    assert len({first, output(a="2", b="1"), output(a="1", c="2")}) == 3
    assert first == Output("masks/a", 2, first.sha256)


def test_each_file_has_a_folder_of_its_own(place):
    assert len({staged.staged_folder(place, name) for name in ("a.png", "b.png", "a.png")}) == 2


@pytest.mark.parametrize("note", [b"", b"\0" * 200, b'{"record": {"inp'])
def test_a_note_that_a_power_cut_has_spoilt_is_none(place, note):
    folder = staged.staged_folder(place, "a.png")
    staged.begin(folder)
    (folder / "whole.json").write_bytes(note)

    assert list(staged.land_what_is_left(place)) == []
    assert not folder.exists()

import os

import pytest

from deeplab_cv.machine.sums import drop_damaged, note_sums


def test_a_file_whose_hash_was_noted_stays(tmp_path):
    (tmp_path / "one.blob").write_bytes(b"compiled")
    note_sums(tmp_path)

    assert drop_damaged(tmp_path)
    assert (tmp_path / "one.blob").read_bytes() == b"compiled"


@pytest.mark.parametrize("content", [b"", b"comp", b"compileD", bytes(8), b"compiled more"])
def test_a_damaged_file_goes_and_can_be_made_anew(tmp_path, content):
    (tmp_path / "one.blob").write_bytes(b"compiled")
    note_sums(tmp_path)
    (tmp_path / "one.blob").write_bytes(content)

    assert drop_damaged(tmp_path)
    assert list(tmp_path.iterdir()) == []

    (tmp_path / "one.blob").write_bytes(b"compiled")
    note_sums(tmp_path)
    drop_damaged(tmp_path)
    assert (tmp_path / "one.blob").exists()


@pytest.mark.parametrize("note", [None, b"", b"\xff" * 64, b"0" * 1000])
def test_a_file_without_its_hash_goes(tmp_path, note):
    (tmp_path / "one.blob").write_bytes(b"compiled")
    if note is not None:
        (tmp_path / "one.blob.sha256").write_bytes(note)

    drop_damaged(tmp_path)

    assert not (tmp_path / "one.blob").exists()


def test_what_is_damaged_and_cannot_be_deleted_is_told(tmp_path, monkeypatch):
    (tmp_path / "one.blob").write_bytes(b"compiled")
    monkeypatch.setattr("deeplab_cv.machine.sums.discard", lambda path: None)

    assert not drop_damaged(tmp_path)


def test_a_folder_that_cannot_be_written_gets_no_notes(tmp_path, monkeypatch):
    (tmp_path / "one.blob").write_bytes(b"compiled")
    monkeypatch.setattr(os, "open", lambda *_: (_ for _ in ()).throw(PermissionError()))

    note_sums(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["one.blob"]

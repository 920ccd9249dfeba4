"""A folder that lies elsewhere as the place of a job, in memory."""

import tempfile
import threading
import uuid

import pytest

from deeplab_cv.batch.places import place_of
from deeplab_cv.batch.remote import FileSystem
from deeplab_cv.batch.remote_place import RemotePlace
from deeplab_cv.batch.work import Item, Output, Task
from deeplab_cv.batch.worker import Worker
from deeplab_cv.errors import SinkError
from tests.batch.jobs import picture, plan_for


@pytest.fixture
def url(tmp_path, monkeypatch):
    """A folder in memory; what is made for it lies in a folder of the test."""
    pytest.importorskip("fsspec", reason="requirements-batch.txt is not installed")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return f"memory://{uuid.uuid4().hex}/out"


@pytest.fixture
def place(url):
    place = place_of(url)
    assert isinstance(place, RemotePlace)
    place.prepare()
    return place


def test_notes_that_did_not_get_there_are_kept(place):
    place.write("done.jsonl", b"one\n")
    (place.local / "done.jsonl").write_bytes(b"one\ntwo\nhal")

    assert place.journal("done.jsonl").read_bytes() == b"one\ntwo\n"
    place.publish("done.jsonl", now=True)
    assert place.read("done.jsonl") == b"one\ntwo\n"


def test_an_upload_is_a_sign_of_life(place, tmp_path):
    staged, beats = tmp_path / "staged.mp4", []
    staged.write_bytes(bytes(9 << 20))

    place.land(staged, "painted/a.mp4", replaces=False, beat=lambda: beats.append(1))

    assert len(beats) >= 3
    assert len(place.read("painted/a.mp4") or b"") == 9 << 20
    assert not staged.exists()


def test_an_upload_that_was_cut_off_is_done_again_and_not_taken_for_somebody_else_s(place, tmp_path, monkeypatch):
    staged, really = tmp_path / "masks", FileSystem.upload
    staged.mkdir()
    for number in range(3):
        (staged / f"{number}.png").write_bytes(b"x")

    def killed_at_the_second(system, file, path, beat):
        if file.name == "1.png":
            raise KeyboardInterrupt
        really(system, file, path, beat)

    monkeypatch.setattr(FileSystem, "upload", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        place.land(staged, "masks/a", replaces=False)
    monkeypatch.undo()
    place.land(staged, "masks/a", replaces=False)

    assert place.holds(Output("masks/a", 3, ""))


def test_what_somebody_else_has_there_is_not_replaced(place, tmp_path):
    (tmp_path / "a.png").write_bytes(b"new")
    place.write("painted/a.png", b"theirs")

    for _ in range(2):
        with pytest.raises(SinkError, match="not by this job"):
            place.land(tmp_path / "a.png", "painted/a.png", replaces=False)
    assert place.read("painted/a.png") == b"theirs"


def test_of_a_picture_that_comes_from_elsewhere_and_goes_there_something_is_heard(url, place, network, tmp_path):
    source, beats = FileSystem(f"{url}-in/dog.png"), []
    source.upload(picture(tmp_path / "dog.png"), source.path)
    worker = Worker(plan_for(network, url))

    worker.work_on(Task(Item(f"{url}-in/dog.png", "dog.png", "picture"), ()), lambda: beats.append("a byte moved"))
    worker.close()

    assert place.read("painted/dog.png")
    assert beats


def test_a_run_that_is_to_end_asks_once_more_at_most(place):
    asked, stop = [], threading.Event()

    def refuse(_):
        asked.append(1)
        if len(asked) == 2:
            stop.set()
        raise OSError("the server is gone")

    place.ask_once_after(stop)

    for in_all in (3, 4):
        with pytest.raises(OSError, match="gone"):
            place._system.ask(refuse)
        assert len(asked) == in_all


def test_what_cannot_be_written_is_one_line(place, monkeypatch):
    monkeypatch.setattr(place._system, "ask", lambda *_: (_ for _ in ()).throw(OSError("the server\nis gone")))

    with pytest.raises(SinkError, match="the server is gone"):
        place.write("job.json", b"{}")

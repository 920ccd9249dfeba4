import json
from contextlib import closing

import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import SettingsError, SinkError, UsageError
from deeplab_cv.events.opening import check_events, open_recorder
from deeplab_cv.events.options import EventOptions
from deeplab_cv.sinks.shared_stream import SharedStream
from tests.events.footage import CAMERA, NOW_S, kept_video
from tests.events.test_recorder import play
from tests.events.test_webhook import Listener
from tests.waiting import wait_for


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"record_limit": "10GB"}, "nothing is recorded: --record-limit"),
        ({"record_age": "30d"}, "nothing is recorded: --record-age"),
        ({"record_free": "1GB"}, "nothing is recorded: --record-free"),
        ({"on_event": "http://localhost/"}, "nothing is recorded: --on-event"),
        ({"record_to": "here", "on_event": "localhost"}, "no address of a web server: --on-event"),
        ({"record_to": "here", "on_event": "http://${NO_SUCH_NAME}/"}, "no such variable"),
    ],
)
def test_what_does_not_go_together_is_refused(options, problem):
    with pytest.raises(UsageError, match=problem):
        check_events(EventOptions(**options), pictures=False)


def test_pictures_have_no_events():
    with pytest.raises(UsageError, match="pictures have no events"):
        check_events(EventOptions(record_when="person"), pictures=True)


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Opens recorders in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    with closing(SharedStream()) as stream:
        yield lambda **options: (stream, open_recorder(EventOptions(**options), CAMERA, VOC_CLASSES, stream))


@pytest.mark.parametrize("name", ["zebra", "person,zebra", "99"])
def test_a_class_that_the_network_does_not_know_is_refused(opened, name):
    with pytest.raises(SettingsError, match="unknown class"):
        opened(record_when=name)


def test_no_class_at_all_is_refused(opened):
    with pytest.raises(UsageError, match="no class is named"):
        opened(record_when=" , ")


def test_a_file_in_the_folder_s_place_is_refused(opened, tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises((SinkError, UsageError), match="folder"):
        opened(record_to="file")


def test_several_classes_by_any_of_their_names_are_recorded_and_told_of(opened, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with Listener(200) as listener:
        stream, recorder = opened(record_when="People, dogs", on_event=listener.url, record_for=0, pre_roll=0)
        play(stream, recorder, [0] * 10 + [0.25] * 10)
        recorder.finish()

    (file,) = (tmp_path / "recordings").glob("*.json")
    record = json.loads(file.read_text())
    assert file.name.startswith("person-dog-") and record["when"] == "person, dog"
    assert listener.got == [("/event", record)]


def test_of_several_sources_each_names_its_recordings(tmp_path):
    with closing(SharedStream()) as stream:
        options = EventOptions(record_when="person,potted plant", record_to=str(tmp_path), record_for=0)
        recorder = open_recorder(options, CAMERA, VOC_CLASSES, stream, label="camera-0")
        play(stream, recorder, [0.25] * 5)
        recorder.finish()

    (file,) = tmp_path.glob("*.json")
    assert file.name.startswith("camera-0-person-pott")
    # A hidden name, by which a killed run's file is known again, has room for so many.
    assert len(file.stem) <= 40


def test_without_a_class_everything_is_recorded(opened, tmp_path):
    stream, recorder = opened(record_to="all")
    play(stream, recorder, [0] * 5)
    recorder.finish()

    (file,) = (tmp_path / "all").glob("*.json")
    assert file.name.startswith("recording-") and json.loads(file.read_text())["frames"] == 5


def test_room_is_made_at_the_start(opened, tmp_path):
    kept_video(tmp_path, "old", ended_s=NOW_S)

    opened(record_to=".", record_age="1d")[1].finish()

    assert not list(tmp_path.glob("old.*"))


def test_what_a_killed_run_left_gets_its_name_and_its_record(opened, tmp_path):
    stream, recorder = opened(record_to=".")
    play(stream, recorder, [0] * 5)
    # Pieces are written in a thread of the recorder's; once a third fragment is begun, two are whole.
    (draft,) = wait_for(lambda: [path for path in tmp_path.glob(".*.mp4") if path.read_bytes().count(b"moof") >= 3])
    (record_file,) = tmp_path.glob("*.json")
    data, said = draft.read_bytes(), record_file.read_text()
    recorder.finish()
    for path in tmp_path.iterdir():
        path.unlink()
    # As the files are once the process is gone, and its lock with it.
    draft.write_bytes(data)
    record_file.write_text(said)

    opened(record_to=".")[1].finish()

    part = record_file.with_suffix(".partial.mp4")
    assert part.exists() and json.loads(record_file.read_text())["file"] == part.name

import json
import socket
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np
import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import SinkError
from deeplab_cv.events import recorder as recorder_module
from deeplab_cv.events.recorder import EventRecorder
from deeplab_cv.events.records import kept_in, mend_records
from deeplab_cv.events.retention import KeepLimits
from deeplab_cv.events.tape import Shelf, Tape
from deeplab_cv.events.watch import EventRules
from deeplab_cv.events.webhook import Webhook
from deeplab_cv.frames.frame import Frame, Painted
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.leftovers import name_leftovers
from deeplab_cv.sinks.shared_stream import SharedStream
from tests.events.footage import CAMERA, SIZE
from tests.events.test_webhook import Listener
from tests.waiting import HANGS_S, wait_for

PERSON = VOC_CLASSES.index("person")
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "crashes.py"
RULES = EventRules(share=0.1, lasts_s=0.5, pre_roll_s=1.0, post_roll_s=1.0)


def painted(number, share, size=SIZE):
    """A frame at ten a second, of which a person fills a share."""
    picture = np.random.default_rng(number).integers(0, 255, (*size.hw, 3), dtype=np.uint8)
    labels = np.zeros(size.hw, np.uint8)
    labels[:, : round(share * size.width)] = PERSON
    pixels = Pixels(image=picture)
    frame = Frame(pixels, number, number * 100, CAMERA.time_base, captured_at=number / 10)
    return Painted(frame, labels, pixels, VOC_CLASSES)


@pytest.fixture
def recording(tmp_path):
    """Makes a recorder into a folder; at the end of the test its stream is closed."""
    streams = []

    def make(*, live=True, classes=("person",), folder=tmp_path, rules=RULES, webhook=None):
        stream = SharedStream(lossless=not live)
        streams.append(stream)
        shelf = Shelf(folder=folder, word="event", when=", ".join(classes) or None, limits=KeepLimits())
        tape = Tape(shelf, rules, CAMERA, lambda record: webhook and webhook.post(asdict(record)))
        return stream, EventRecorder(stream, tape, classes=classes, keys_every_s=0.5, live=live, webhook=webhook)

    yield make
    for stream in streams:
        stream.close()


def play(stream, recorder, shares, *, first=0, size=SIZE):
    """Each frame once the one before is encoded, as a slow camera gives them."""
    for number, share in enumerate(shares, first):
        recorder.write(painted(number, share, size))
        stream.settle(HANGS_S)


def records_in(folder):
    return sorted((json.loads(path.read_text()) for path in folder.glob("*.json")), key=lambda each: each["start_s"])


def count_in(path):
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("live", [True, False])
def test_a_person_is_recorded_from_before_to_after(recording, tmp_path, live):
    stream, recorder = recording(live=live)

    play(stream, recorder, [0] * 30 + [0.25] * 10 + [0] * 40)
    written = recorder.finish()

    (record,) = records_in(tmp_path)
    assert (record["start_s"], record["end_s"], record["peak_share"]) == (3.0, 3.9, 0.25)
    # The second before, the event itself and the second after, and what decoding has to begin with: of a live picture
    # key frames are half a second of the machine's time apart, whatever the frames' own times are.
    assert 30 <= count_in(tmp_path / record["file"]) <= (60 if live else 37)
    assert (written.path, written.note) == (tmp_path, "1 recording")


def test_of_a_file_no_picture_is_lost_however_fast_they_come(recording, tmp_path):
    _, recorder = recording(live=False, classes=())

    for number in range(120):
        recorder.write(painted(number, 0))
    recorder.finish()

    (record,) = records_in(tmp_path)
    assert count_in(tmp_path / record["file"]) == 120
    assert record["when"] is None and record["seconds"] == pytest.approx(11.9)


def test_a_source_that_is_gone_ends_the_event_s_file_whole(recording, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder_module, "_GONE_S", 2.0)
    monkeypatch.setattr(recorder_module, "_LOOKS_S", 0.02)
    stream, recorder = recording()

    play(stream, recorder, [0.25] * 20)
    record = wait_for(lambda: [each for each in records_in(tmp_path) if each["end"]])[0]
    whole = count_in(tmp_path / record["file"])
    play(stream, recorder, [0.25] * 20, first=600)
    recorder.finish()

    assert record["whole"] and whole > 0
    last = records_in(tmp_path)[-1]
    assert last["start_s"] >= 60.0 and last["whole"]


def test_pictures_of_another_size_begin_another_file(recording, tmp_path):
    stream, recorder = recording()

    play(stream, recorder, [0.25] * 15)
    play(stream, recorder, [0.25] * 15, first=15, size=Size(96, 64))
    recorder.finish()

    sizes = []
    for record in records_in(tmp_path):
        with av.open(str(tmp_path / record["file"])) as container:
            sizes.append((container.streams.video[0].width, container.streams.video[0].height))
    assert sizes == [(64, 48), (96, 64)]


def test_what_is_recorded_by_hand_has_a_pre_roll_too(recording, tmp_path):
    stream, recorder = recording()

    play(stream, recorder, [0] * 30)
    begun = recorder.toggle()
    play(stream, recorder, [0] * 10, first=30)
    ended = recorder.toggle()
    play(stream, recorder, [0] * 30, first=40)
    recorder.finish()

    (record,) = records_in(tmp_path)
    assert (begun, ended) == ("recording", "the recording ends in a moment")
    assert record["by_hand"] and record["start_s"] == 3.0
    assert count_in(tmp_path / record["file"]) >= 30


def test_where_everything_is_recorded_the_key_changes_nothing(recording):
    assert recording(classes=())[1].toggle() == "everything is recorded already"


def test_it_runs_while_a_file_is_written(recording):
    stream, recorder = recording()

    play(stream, recorder, [0] * 10)
    before = recorder.running
    play(stream, recorder, [0.25] * 10, first=10)
    wait_for(lambda: recorder.running)
    recorder.finish()

    assert not before and not recorder.running


def test_what_goes_wrong_is_raised_at_the_end_alone(recording, tmp_path):
    folder = tmp_path / "folder"
    folder.write_bytes(b"a file in its place")
    stream, recorder = recording(folder=folder)

    play(stream, recorder, [0.25] * 30)

    with pytest.raises(SinkError, match="cannot write"):
        recorder.finish()


def test_a_fault_of_our_own_costs_the_recording_and_not_the_picture(recording, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("a fault")

    _, recorder = recording(live=False)
    monkeypatch.setattr(Tape, "take", fail)

    for number in range(20):
        recorder.write(painted(number, 0.25))

    with pytest.raises(SinkError, match="a fault"):
        recorder.finish()


def test_a_run_that_failed_leaves_what_was_recorded_whole(recording, tmp_path):
    stream, recorder = recording()

    play(stream, recorder, [0.25] * 20)
    written = recorder.abandon()

    (record,) = records_in(tmp_path)
    assert record["whole"] and written.frames == count_in(tmp_path / record["file"])
    assert recording()[1].abandon() is None


def test_a_file_s_run_that_is_stopped_waits_no_longer_for_an_address_than_a_live_one(recording, monkeypatch, caplog):
    monkeypatch.setattr(recorder_module, "_STOPPED_ENDS_IN_S", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        webhook = Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        stream, recorder = recording(live=False, classes=(), webhook=webhook)
        play(stream, recorder, [0] * 5)
        recorder.abandon()

    assert "did not answer in time" in caplog.text


@pytest.mark.parametrize("live", [False, True])
def test_a_run_that_is_stopped_tells_of_its_last_event_all_the_same(recording, monkeypatch, live):
    monkeypatch.setattr(recorder_module, "_STOPPED_ENDS_IN_S", HANGS_S)
    monkeypatch.setenv("no_proxy", "*")
    with Listener(200) as listener:
        stream, recorder = recording(live=live, classes=(), webhook=Webhook(listener.url))
        play(stream, recorder, [0] * 5)
        recorder.hurry()
        recorder.finish()
        told = len(listener.got)

    assert told == 1


def test_a_page_that_watches_too_gets_the_same_pieces(recording, tmp_path):
    stream, recorder = recording()
    pieces = []
    stream.deliver_to(pieces.append)
    stream.watch("page", watched=True)

    play(stream, recorder, [0.25] * 20)
    recorder.finish()

    assert stream.generation == 1
    assert {piece.note is not None for piece in pieces} == {True}
    assert len(pieces) >= 20


def test_no_thread_is_left(recording):
    stream, recorder = recording()

    play(stream, recorder, [0.25] * 3)
    recorder.finish()

    assert not [thread for thread in threading.enumerate() if thread.name == "recorder"]


@pytest.mark.parametrize("after", [100_000, 300_000, 600_000])
def test_what_a_killed_run_recorded_plays_and_has_its_record(tmp_path, after):
    run = subprocess.Popen([sys.executable, str(BENCHMARK), "--record", str(tmp_path)], stdout=subprocess.DEVNULL)
    wait_for(lambda: written_in(tmp_path) > after or run.poll() is not None)
    run.kill()
    run.wait()
    name_leftovers(tmp_path)
    mend_records(tmp_path)

    (kept,) = kept_in(tmp_path)
    assert count_in(kept.video) > 1
    assert kept.record.end is None and not kept.record.whole


def written_in(folder):
    return sum(path.stat().st_size for path in folder.glob(".*.mp4"))


def test_a_network_without_the_class_sees_none(recording, tmp_path):
    stream, recorder = recording(classes=("zebra",))

    play(stream, recorder, [0.25] * 20)
    recorder.finish()

    assert records_in(tmp_path) == []

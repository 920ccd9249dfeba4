import json
from dataclasses import replace
from datetime import datetime

import av
import numpy as np
import pytest

from deeplab_cv.errors import SinkError
from deeplab_cv.events import tape as tape_module
from deeplab_cv.events.retention import KeepLimits
from deeplab_cv.events.tape import Shelf, Tape
from deeplab_cv.events.watch import EventRules
from deeplab_cv.frames.size import Size
from deeplab_cv.frames.sound import SOUND_RATE, LiveSound
from tests.events.footage import CAMERA, NOW_S, Film, kept_video

RULES = EventRules(share=0.1, lasts_s=0.5, pre_roll_s=1.0, post_roll_s=1.0)


def tape_in(folder, *, rules=RULES, told=None, **shelf):
    shelf = {"folder": folder, "word": "person", "when": "person", "limits": KeepLimits()} | shelf
    return Tape(Shelf(**shelf), rules, CAMERA, (told if told is not None else []).append)


def play(tape, film, *parts):
    """Seconds of film, each part with a share of the class; what is in the recordings in the end."""
    for seconds, share in parts:
        for _ in range(round(seconds * 10)):
            tape.take(*film.next(share))


def records_in(folder):
    return sorted((json.loads(path.read_text()) for path in folder.glob("*.json")), key=lambda each: each["start_s"])


def video_of(folder, record):
    """Its times in seconds, and the size of its pictures."""
    with av.open(str(folder / record["file"])) as container:
        frames = list(container.decode(video=0))
    return [round(float(frame.time), 2) for frame in frames], (frames[0].width, frames[0].height)


def test_an_event_is_a_video_from_before_it_to_after_it_and_a_record(tmp_path):
    told = []
    tape = tape_in(tmp_path, told=told)

    play(tape, Film(), (5, 0), (2, 0.3), (6, 0))
    tape.pause()

    (record,) = records_in(tmp_path)
    times, _ = video_of(tmp_path, record)
    # From the key frame at 4 s, a second before the class came, to a second after it was seen last.
    assert times[0] == 0.0 and times[-1] == pytest.approx(3.9, abs=0.01) and len(times) == 40
    assert (record["start_s"], record["end_s"], record["peak_share"]) == (5.0, 6.9, 0.3)
    assert datetime.fromisoformat(record["start"]).timestamp() == NOW_S + 5
    assert datetime.fromisoformat(record["end"]).timestamp() == pytest.approx(NOW_S + 6.9)
    assert (record["source"], record["when"], record["frames"], record["whole"]) == ("camera 0", "person", 40, True)
    assert [each.file for each in told] == [record["file"]]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".mp4"]


def test_nothing_seen_leaves_nothing(tmp_path):
    tape = tape_in(tmp_path / "new")

    play(tape, Film(), (5, 0.05), (0.3, 0.9), (5, 0))
    tape.pause()

    assert not (tmp_path / "new").exists()
    assert (tape.summary.frames, tape.summary.note) == (0, "nothing was recorded")


def test_two_events_close_together_are_one_video_without_a_gap(tmp_path):
    tape = tape_in(tmp_path)

    play(tape, Film(), (3, 0), (1, 0.3), (1.5, 0), (1, 0.5), (4, 0))
    tape.pause()

    (record,) = records_in(tmp_path)
    times, _ = video_of(tmp_path, record)
    assert (record["start_s"], record["end_s"], record["peak_share"]) == (3.0, 6.4, 0.5)
    assert max(np.diff(times)) == pytest.approx(0.1, abs=0.02)


def test_two_events_apart_are_two_videos(tmp_path):
    tape = tape_in(tmp_path)

    play(tape, Film(), (3, 0), (1, 0.3), (4, 0), (1, 0.5), (4, 0))
    tape.pause()

    assert [record["peak_share"] for record in records_in(tmp_path)] == [0.3, 0.5]
    assert tape.files == 2


def test_an_event_that_is_on_when_the_source_goes_is_whole(tmp_path):
    tape = tape_in(tmp_path)

    play(tape, Film(), (3, 0), (1, 0.3))
    tape.pause()

    (record,) = records_in(tmp_path)
    assert record["whole"] and record["end_s"] == 3.9
    assert len(video_of(tmp_path, record)[0]) == 20


def test_pictures_of_another_size_go_into_another_file(tmp_path):
    tape, film = tape_in(tmp_path), Film()

    play(tape, film, (3, 0), (1, 0.3))
    film.of_size(Size(96, 64))
    film.number = 40
    play(tape, film, (1, 0.5), (4, 0))
    tape.pause()

    one, two = records_in(tmp_path)
    assert [video_of(tmp_path, record)[1] for record in (one, two)] == [(64, 48), (96, 64)]
    assert (one["start_s"], one["peak_share"], two["start_s"], two["peak_share"]) == (3.0, 0.3, 4.0, 0.5)


def test_what_lasts_long_goes_on_in_another_file_without_losing_a_picture(tmp_path):
    rules = EventRules(share=0.1, lasts_s=0.0, pre_roll_s=0.0, post_roll_s=0.0)
    tape = tape_in(tmp_path, rules=rules, when=None, word="recording", longest_s=2.0)
    film = Film()

    for _ in range(65):
        tape.take(*film.next(0.0), held=True)
    tape.pause()

    records = records_in(tmp_path)
    assert [record["start_s"] for record in records] == [0.0, 2.0, 4.0, 6.0]
    assert sum(len(video_of(tmp_path, record)[0]) for record in records) == 65
    assert {record["peak_share"] for record in records} == {None}


def test_what_is_begun_by_hand_says_so(tmp_path):
    tape, film = tape_in(tmp_path), Film()

    play(tape, film, (3, 0))
    for _ in range(10):
        tape.take(*film.next(0.0), held=True)
    play(tape, film, (4, 0))
    tape.pause()

    (record,) = records_in(tmp_path)
    assert record["by_hand"] and record["start_s"] == 3.0
    assert len(video_of(tmp_path, record)[0]) == 30


def test_a_picture_that_only_stands_still_neither_begins_nor_ends_anything(tmp_path):
    tape, film = tape_in(tmp_path), Film()

    play(tape, film, (3, 0), (1, 0.3))
    for _ in range(5):
        tape.take(film.next(0.0)[0], None)
    running = tape.running
    tape.pause()

    (record,) = records_in(tmp_path)
    assert running and record["end_s"] == 3.9


def test_a_full_disk_is_one_line_and_never_raised(small_disk, caplog):
    tape = tape_in(small_disk, when=None, longest_s=1e9)
    film = Film(Size(320, 180))

    for _ in range(200):
        tape.take(*film.next(0.5), held=True)
    tape.pause()

    assert isinstance(tape.error, SinkError) and tape.error.what == "the disk is full"
    assert caplog.text.count("the disk is full") == 1
    (part,) = small_disk.glob("*.partial.mp4")
    (record,) = records_in(small_disk)
    assert record["file"] == part.name and not record["whole"] and record["end"] is not None
    with av.open(str(part)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 1


def test_a_live_source_s_sound_is_in_step_with_its_pictures(tmp_path):
    sound = LiveSound()
    shelf = Shelf(folder=tmp_path, word="person", when="person", limits=KeepLimits())
    tape, film = Tape(shelf, RULES, replace(CAMERA, sound=sound), lambda record: None), Film()
    for number in range(90):
        # It sounds while somebody is there, from 3 s to 4 s.
        tone = np.full((2, SOUND_RATE // 10), 0.5 if 30 <= number < 40 else 0.0, np.float32)
        tone[:, ::2] *= -1
        sound.put(tone, film.began_at_s + number / 10)
        tape.take(*film.next(0.3 if 30 <= number < 40 else 0.0))
    tape.pause()

    (record,) = records_in(tmp_path)
    with av.open(str(tmp_path / record["file"])) as container:
        samples = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0]
    loud = np.abs(samples) > 0.1
    # The file begins with a key frame a second before.
    assert np.argmax(loud) / SOUND_RATE == pytest.approx(1.0, abs=0.2)
    assert (len(loud) - np.argmax(loud[::-1])) / SOUND_RATE == pytest.approx(2.0, abs=0.2)


def test_after_an_error_the_next_event_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(tape_module, "_TRIES_AGAIN_S", 0.0)
    folder = tmp_path / "folder"
    folder.write_bytes(b"a file in its place")
    tape, film = tape_in(folder), Film()

    play(tape, film, (3, 0), (1, 0.3), (4, 0))
    folder.unlink()
    play(tape, film, (1, 0.3), (4, 0))
    tape.pause()

    assert tape.error is not None
    assert [record["start_s"] for record in records_in(folder)] == [8.0]


def test_room_is_made_for_each_recording(tmp_path):
    kept_video(tmp_path, "older", ended_s=NOW_S - 1, size=100_000)
    tape = tape_in(tmp_path, limits=KeepLimits(most_bytes=90_000))

    play(tape, Film(), (3, 0), (1, 0.3), (4, 0))
    tape.pause()

    assert [record["start_s"] for record in records_in(tmp_path)] == [3.0]

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.frames.frame import Frame, Painted, SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.frames.sound import SOUND_RATE, LiveSound
from deeplab_cv.sinks.live_encoding import LiveEncoder
from deeplab_cv.sinks.packet_file import PacketFile
from deeplab_cv.sinks.video import VideoSink

SIZE = Size(64, 48)
CAMERA = SourceInfo("stream", SIZE, frame_rate=Fraction(10), frame_count=None, live=True, time_base=Fraction(1, 90_000))


def tone(seconds, hertz=440):
    times = np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE
    return np.tile(0.5 * np.sin(2 * np.pi * hertz * times), (2, 1)).astype(np.float32)


def loudness(path):
    """How loud each tenth of a second is, 0 to 1, and how long the pictures last."""
    with av.open(str(path)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    with av.open(str(path)) as container:
        last = max(float(frame.time) for frame in container.decode(video=0))
    tenths = sound[0, : sound.shape[1] // 4800 * 4800].reshape(-1, 4800)
    return np.sqrt((tenths**2).mean(axis=1)), last


def file_with(path, sounds, seconds=3.0):
    """Pictures at ten a second from 100 s on, and sound at these times."""
    encoder = LiveEncoder(SIZE)
    file = PacketFile(path, encoder, CAMERA, 100.0, sounds=True)
    picture = Pixels(image=np.zeros((*SIZE.hw, 3), np.uint8))
    for number in range(round(seconds * 10)):
        packet = encoder.encode(picture, number / 10, key=number == 0)
        file.write(packet.data, 100 + number / 10, key=packet.key)
        for time_s, samples in sounds:
            if number == round((time_s - 100) * 10) or (number == 0 and time_s < 100):
                file.write_sound(samples, time_s)
    return file


def test_sound_is_heard_when_it_was(tmp_path):
    file = file_with(tmp_path / "event.mp4", [(101.0, tone(1.0))])

    kept = file.finish()

    loud, last = loudness(kept.path)
    assert kept.note == "sound as AAC"
    assert last == pytest.approx(2.9, abs=0.01)
    assert loud[:9].max() < 0.01
    assert loud[11:19].min() > 0.3


def test_what_sounded_before_the_first_picture_is_left_out(tmp_path):
    before = np.concatenate([tone(1.0), np.zeros((2, SOUND_RATE), np.float32)], axis=1)

    kept = file_with(tmp_path / "event.mp4", [(99.0, before), (101.0, tone(1.0))]).finish()

    loud, _ = loudness(kept.path)
    assert loud[1:9].max() < 0.01 and loud[11:19].min() > 0.3


def test_a_tremble_of_the_sender_s_clock_leaves_no_gap(tmp_path):
    pieces = [(100.0 + number / 10 + (0.02 if number % 2 else 0.0), tone(0.1)) for number in range(20)]

    kept = file_with(tmp_path / "event.mp4", pieces).finish()

    assert loudness(kept.path)[0][1:19].min() > 0.3


def test_a_file_whose_sound_never_comes_plays(tmp_path):
    kept = file_with(tmp_path / "event.mp4", []).finish()

    assert kept.note == ""
    with av.open(str(kept.path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 30


def test_it_plays_with_its_sound_wherever_it_breaks_off(tmp_path):
    pieces = [(100.0 + number / 10, tone(0.1)) for number in range(30)]
    file_with(tmp_path / "event.mp4", pieces)

    (draft,) = tmp_path.iterdir()
    loud, last = loudness(draft)
    assert last > 2.6
    assert len(loud) > 25 and loud[1:25].min() > 0.3


def filmed(path, *, there=True):
    """A live source's video whose pictures turn white after a second, as a tone begins."""
    sound = LiveSound()
    sound.there = there
    sink = VideoSink(path, replace(CAMERA, sound=sound), whole=False)
    for number in range(30):
        # What is heard comes before its picture has been segmented.
        sound.put(tone(0.1) * (number >= 10), 1000.0 + number / 10)
        pixels = Pixels(image=np.full((*SIZE.hw, 3), 255 * (number >= 10), np.uint8))
        frame = Frame(pixels, number, number * 9_000, CAMERA.time_base, 1000.0 + number / 10)
        sink.write(Painted(frame, np.zeros(SIZE.hw, np.uint8), pixels, VOC_CLASSES))
    return sink.finish()


@pytest.mark.parametrize(("extension", "codec"), [("mp4", "AAC"), ("mkv", "AAC"), ("mov", "AAC"), ("webm", "Opus")])
def test_the_sound_of_a_live_source_is_in_its_video_in_step(tmp_path, extension, codec):
    path = tmp_path / f"live.{extension}"

    written = filmed(path)

    loud, last_s = loudness(path)
    assert written.note == f"sound as {codec}"
    assert next(place for place, each in enumerate(loud) if each > 0.1) in (9, 10, 11)
    assert len(loud) / 10 == pytest.approx(last_s, abs=0.25)


def test_a_video_of_a_source_without_sound_has_none(tmp_path):
    path = tmp_path / "live.mp4"

    written = filmed(path, there=False)

    with av.open(str(path)) as container:
        assert not container.streams.audio
    assert (written.frames, written.note) == (30, "")

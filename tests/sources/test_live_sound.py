from fractions import Fraction

import av
import numpy as np
import pytest

from deeplab_cv.frames.sound import SOUND_RATE, LiveSound
from deeplab_cv.sources.live_sound import SoundReader

CODECS = {"aac": ".ts", "mp2": ".ts", "pcm_alaw": ".mov", "libopus": ".mkv"}


def sounding(path, codec, *, rate=48_000, layout="stereo"):
    """Two seconds of pictures, and of a tone that begins after one."""
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("libx264", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound = out.add_stream(codec, rate=rate, layout=layout)
        for _ in range(20):
            out.mux(pictures.encode(av.VideoFrame(64, 48, "yuv420p")))
        out.mux(pictures.encode(None))
        times = np.arange(2 * rate) / rate
        wave = np.where(times >= 1, 20_000 * np.sin(2 * np.pi * 440 * times), 0).astype(np.int16)
        channels = 1 if layout == "mono" else 2
        samples = np.repeat(wave, channels)[None]
        fifo = av.AudioResampler(sound.codec_context.format, layout, rate, frame_size=sound.codec_context.frame_size)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        for part in [*fifo.resample(frame), *fifo.resample(None)]:
            out.mux(sound.encode(part))
        out.mux(sound.encode(None))
    return path


def heard(path, sound, *, came_at=1000.0):
    """Take all packets of a file as they would come from a stream whose first picture came at a time."""
    with av.open(str(path)) as container:
        reader, begun = SoundReader(container, sound), None
        packets = list(container.demux())
        for packet in packets:
            if packet.stream.type == "video" and packet.pts is not None and begun is None:
                begun = float(packet.pts * packet.time_base)
        reader.picture_came(begun, came_at)
        for packet in packets:
            reader.take(packet)
    return sound.after(0)


@pytest.mark.parametrize(
    ("codec", "rate", "layout"),
    [
        ("aac", 48_000, "stereo"),
        ("aac", 44_100, "mono"),
        ("mp2", 48_000, "stereo"),
        ("pcm_alaw", 8_000, "mono"),
        ("libopus", 48_000, "stereo"),
    ],
)
def test_sound_of_any_codec_and_rate_is_dated_as_the_pictures_are(tmp_path, codec, rate, layout):
    sound = LiveSound()
    sound.want(60.0)

    pieces = heard(sounding(tmp_path / f"clip{CODECS[codec]}", codec, rate=rate, layout=layout), sound)

    loud = [piece for piece in pieces if np.abs(piece.samples).max() > 0.1]
    assert loud[0].at_s == pytest.approx(1001.0, abs=0.15)
    assert pieces[-1].end_s == pytest.approx(1002.0, abs=0.15)
    assert sum(piece.samples.shape[1] for piece in pieces) == pytest.approx(2 * SOUND_RATE, rel=0.1)
    assert {piece.samples.shape[0] for piece in pieces} == {2}


def test_nothing_is_decoded_while_nobody_wants_it(tmp_path):
    assert heard(sounding(tmp_path / "clip.ts", "aac"), LiveSound()) == []


def test_without_a_picture_nobody_knows_when_it_sounds(tmp_path):
    sound = LiveSound()
    sound.want(60.0)
    with av.open(str(sounding(tmp_path / "clip.ts", "aac"))) as container:
        reader = SoundReader(container, sound)
        for packet in container.demux():
            reader.take(packet)

    assert sound.after(0) == []


def test_a_picture_that_comes_late_does_not_shift_the_sound_and_a_leap_does(tmp_path):
    path = sounding(tmp_path / "clip.ts", "aac")
    firsts = []
    for late_s in (0.3, 30.0):
        sound = LiveSound()
        sound.want(60.0)
        with av.open(str(path)) as container:
            reader = SoundReader(container, sound)
            reader.picture_came(10.0, 1000.0)
            reader.picture_came(11.0, 1001.0 + late_s)
            for packet in container.demux(audio=0):
                reader.take(packet)
        firsts.append(sound.after(0)[0].at_s)

    assert firsts[1] - firsts[0] == pytest.approx(30.0)


def first_heard(path, came):
    """By how much our clock is ahead of the sender's where its sound begins, once pictures have come: (sent, came)."""
    sound = LiveSound()
    sound.want(60.0)
    with av.open(str(path)) as container:
        reader = SoundReader(container, sound)
        for sent_at_s, came_at_s in came:
            reader.picture_came(sent_at_s, came_at_s)
        first = next(packet for packet in container.demux(audio=0) if packet.pts is not None)
        reader.take(first)
        return sound.after(0)[0].at_s - float(first.pts * first.time_base)


def test_pictures_that_waited_for_the_connection_do_not_make_the_sound_late(tmp_path):
    # The first ones come at once, when it has been seen what the stream is.
    came = [(10.0 + number / 10, max(1000.4, 1000.0 + number / 10)) for number in range(20)]

    assert first_heard(sounding(tmp_path / "clip.ts", "aac"), came) == pytest.approx(990.0)


def test_where_clocks_drift_apart_the_sound_follows(tmp_path):
    # A sender whose clock is slow by a thousandth.
    came = [(10.0 + second * 0.999, 1000.0 + second) for second in range(600)]

    assert first_heard(sounding(tmp_path / "clip.ts", "aac"), came) == pytest.approx(990.6, abs=0.03)


def test_sound_that_cannot_be_decoded_is_left_out(tmp_path):
    path = sounding(tmp_path / "clip.mkv", "libopus")
    sound = LiveSound()
    sound.want(60.0)
    with av.open(str(path)) as container:
        reader = SoundReader(container, sound)
        reader.picture_came(0.0, 1000.0)
        for number, packet in enumerate(container.demux(audio=0)):
            if number % 2 and packet.size:
                broken = av.Packet(b"\xff" * packet.size)
                broken.stream, broken.pts, broken.time_base = packet.stream, packet.pts, packet.time_base
                packet = broken
            reader.take(packet)

    assert sound.after(0)

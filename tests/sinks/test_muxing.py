from fractions import Fraction

import av
import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.muxing import Muxer
from tests.sinks.clips import read_clip, scene

TICK = Fraction(1, 1000)
GAP_S = 20
"""Longer than FFmpeg waits for a packet of each stream before it writes those that it has."""


def encoder(muxer):
    stream = muxer.container.add_stream("libx264", rate=25)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    stream.codec_context.time_base = TICK
    return stream


def frames(times_ms):
    for number, moment in enumerate(times_ms):
        frame = av.VideoFrame.from_ndarray(scene(number, Size(64, 48)), format="bgr24")
        frame.pts, frame.time_base = moment, TICK
        yield frame


def tone(muxer, times_ms):
    """Packets of raw sound, each 10 ms long."""
    stream = muxer.container.add_stream("pcm_s16le", rate=48000)
    stream.layout = "mono"
    packets = []
    for moment in times_ms:
        frame = av.AudioFrame(format="s16", layout="mono", samples=480)
        frame.planes[0].update(bytes(960))
        frame.sample_rate, frame.pts, frame.time_base = 48000, moment * 48, Fraction(1, 48000)
        packets += stream.encode(frame)
    return packets


@pytest.mark.parametrize("name", ["out.mov", "out.mkv"])
@pytest.mark.parametrize("pauses", ["pictures", "sound"])
def test_a_long_pause_of_one_stream_moves_nothing(tmp_path, name, pauses):
    steady = list(range(0, 1000, 40)) + list(range(1000, GAP_S * 1000, 400)) + list(range(GAP_S * 1000, 21_000, 40))
    paused = list(range(0, 1000, 40)) + list(range(GAP_S * 1000, 21_000, 40))
    muxer = Muxer(tmp_path / name, TICK)
    video = encoder(muxer)
    sound = tone(muxer, [10 * (each // 10) for each in (paused if pauses == "sound" else steady)])
    pictures = [each for frame in frames(paused if pauses == "pictures" else steady) for each in video.encode(frame)]
    packets = sorted([*pictures, *video.encode(None), *sound], key=lambda each: each.dts * each.time_base)

    for packet in packets:
        muxer.write(packet)
    muxer.write_rest()
    muxer.close()

    clip = read_clip(tmp_path / name)
    assert clip.times_s == [moment * TICK for moment in (paused if pauses == "pictures" else steady)]
    assert len(clip.pictures) == len(clip.times_s)


def test_what_was_written_plays_before_the_file_is_closed(tmp_path):
    muxer = Muxer(tmp_path / "out.mp4", TICK)
    video = encoder(muxer)
    packets = [each for frame in frames(range(0, 4000, 40)) for each in video.encode(frame)]
    for packet in packets:
        muxer.write(packet)

    seen = len(read_clip(tmp_path / "out.mp4").pictures)

    # One waits for the next to say how long it lasts, and one for the fragment that it begins.
    assert len(packets) - 2 <= seen <= len(packets)
    muxer.write_rest()
    muxer.close()
    assert len(read_clip(tmp_path / "out.mp4").pictures) == len(packets)


def test_nothing_waits_for_a_stream_that_never_comes_where_it_may_be_late(tmp_path):
    muxer = Muxer(tmp_path / "out.mov", TICK)
    video = encoder(muxer)
    tone(muxer, [])
    muxer.write_head_at_once()
    packets = [each for frame in frames(range(0, 40_000, 400)) for each in video.encode(frame)]
    for packet in packets:
        muxer.write(packet)

    assert len(read_clip(tmp_path / "out.mov").pictures) > len(packets) // 2
    muxer.close()

from fractions import Fraction

import av
import numpy as np
import pytest

from deeplab_cv.errors import SinkError
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.contents import playable
from deeplab_cv.sinks.live_encoding import LiveEncoder
from deeplab_cv.sinks.packet_file import PacketFile

SIZE = Size(160, 96)
CAMERA = SourceInfo(
    "camera 0", SIZE, frame_rate=Fraction(30), frame_count=None, live=True, time_base=Fraction(1, 90_000)
)


def noise(number):
    return np.random.default_rng(number).integers(0, 255, (*SIZE.hw, 3), dtype=np.uint8)


def written(path, times_s, *, from_s=0.0, info=CAMERA, encoder=None):
    """A file of noise at these times, the first picture a key frame."""
    encoder = encoder or LiveEncoder(SIZE)
    file = PacketFile(path, encoder, info, from_s)
    for number, time_s in enumerate(times_s):
        packet = encoder.encode(Pixels(image=noise(number)), time_s, key=number == 0)
        file.write(packet.data, time_s, key=packet.key)
    return file


def times_in(path):
    with av.open(str(path)) as container:
        return [round(float(frame.time), 3) for frame in container.decode(video=0)]


def test_pictures_have_their_times_from_the_first_on(tmp_path):
    times_s = [7.0, 7.04, 7.5, 7.51]

    file = written(tmp_path / "event.mp4", times_s, from_s=7.0)
    kept = file.finish()

    assert (kept.path, kept.frames) == (tmp_path / "event.mp4", 4)
    assert times_in(kept.path) == [0.0, 0.04, 0.5, 0.51]
    assert file.last_s == pytest.approx(0.51)
    assert [path.name for path in tmp_path.iterdir()] == ["event.mp4"]


def test_two_pictures_of_one_time_are_both_kept(tmp_path):
    kept = written(tmp_path / "event.mp4", [0.0, 0.0, 0.1, 0.05]).finish()

    times = times_in(kept.path)
    assert len(times) == 4 and times == sorted(times)


def test_it_can_be_sought_in_by_its_key_frames(tmp_path):
    encoder = LiveEncoder(SIZE)
    file = PacketFile(tmp_path / "event.mp4", encoder, CAMERA, 0.0)
    for number in range(20):
        moved = np.ascontiguousarray(np.roll(noise(0), 2 * number, axis=1))
        packet = encoder.encode(Pixels(image=moved), number / 10, key=number % 10 == 0)
        file.write(packet.data, number / 10, key=packet.key)
    file.finish()

    with av.open(str(tmp_path / "event.mp4")) as container:
        keys = [float(packet.pts * packet.time_base) for packet in container.demux(video=0) if packet.is_keyframe]
    assert {0.0, 1.0} <= {round(key, 3) for key in keys}
    assert len(keys) < 20


def test_it_outlives_its_encoder(tmp_path):
    encoder = LiveEncoder(SIZE)
    packet = encoder.encode(Pixels(image=noise(0)), 0.0, key=True)
    encoder.close()

    file = PacketFile(tmp_path / "event.mp4", encoder, CAMERA, 0.0)
    file.write(packet.data, 0.0, key=True)
    del encoder

    assert times_in(file.finish().path) == [0.0]


def test_it_plays_to_its_last_moment_however_it_breaks_off(tmp_path):
    file = written(tmp_path / "event.mp4", [number / 10 for number in range(30)])

    (draft,) = tmp_path.iterdir()
    contents = playable(draft)

    assert contents.frames >= 28
    assert file.frames == 30


def test_what_is_abandoned_is_kept_as_a_part_that_plays(tmp_path):
    kept = written(tmp_path / "event.mp4", [0.0, 0.1, 0.2]).abandon()

    assert kept.path == tmp_path / "event.partial.mp4" and not kept.whole
    assert len(times_in(kept.path)) == kept.frames == 3


def test_a_full_disk_is_one_line_and_what_reached_it_plays(small_disk):
    encoder = LiveEncoder(SIZE)
    file = PacketFile(small_disk / "event.mp4", encoder, CAMERA, 0.0)
    with pytest.raises(SinkError, match=r"the disk is full: .*event\.mp4"):
        for number in range(3000):
            packet = encoder.encode(Pixels(image=noise(number)), number / 10, key=number == 0)
            file.write(packet.data, number / 10, key=packet.key)
    kept = file.abandon()

    assert kept.frames > 1 and not kept.whole
    assert len(times_in(kept.path)) == kept.frames


def test_a_folder_that_is_gone_is_one_line(tmp_path):
    with pytest.raises(SinkError, match="cannot write"):
        PacketFile(tmp_path / "gone" / "event.mp4", LiveEncoder(SIZE), CAMERA, 0.0)

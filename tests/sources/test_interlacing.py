from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.sources.interlacing import Deinterlacer
from deeplab_cv.sources.video import VideoSource
from tests.sources.clips import read_all, write_frames, write_scenes

SIZE = Size(128, 96)


def moment(number):
    """A bright bar on black that moves on quickly: uint8 (H, W)."""
    picture = np.full(SIZE.hw, 16, np.uint8)
    left = 4 + 4 * number
    picture[:, left : left + 24] = 235
    return picture


def woven(number):
    """Two moments in alternate lines, as a camera of 50 half pictures a second writes a frame."""
    luma = moment(2 * number)
    luma[1::2] = moment(2 * number + 1)[1::2]
    frame = av.VideoFrame(*SIZE, "yuv420p")
    for plane, values in zip(frame.planes, (luma, 128, 128), strict=True):
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width] = values
    return frame


def interlaced_clip(path, codec, count=10):
    """`tests.sources.clips` writes it; encoders of these two flag each frame as interlaced, top line first."""
    mpeg2, x264 = {"flags": "+ildct+ilme", "b": "4000000"}, {"x264-params": "tff=1:crf=10"}
    options = mpeg2 if codec == "mpeg2video" else x264
    return write_frames(path, [woven(number) for number in range(count)], codec, options)


def combs(image):
    """How much neighbouring lines differ, from 0 on."""
    lines = image[..., 1].astype(int)
    return np.abs(np.diff(lines, axis=0)).mean()


@pytest.mark.parametrize(("name", "codec"), [("in.mpg", "mpeg2video"), ("in.mp4", "libx264"), ("in.mkv", "mpeg2video")])
def test_interlaced_frames_become_whole_pictures_at_their_times_and_a_line_says_so(tmp_path, caplog, name, codec):
    caplog.set_level("INFO")
    clip = interlaced_clip(tmp_path / f"{codec}-{name}", codec)
    with av.open(str(clip)) as container:
        stored = [frame.pts * frame.time_base for frame in container.decode(video=0)]

    frames = read_all(VideoSource(clip))

    assert [frame.time_s for frame in frames] == stored
    assert max(combs(frame.image) for frame in frames) < 3
    assert [line for line in caplog.messages if "interlaced" in line] == [
        f"{clip.name} is interlaced: its frames are deinterlaced"
    ]


def test_a_cut_of_an_interlaced_clip_gives_the_frames_within(tmp_path):
    clip = interlaced_clip(tmp_path / "cut.mp4", "libx264", 20)

    frames = read_all(VideoSource(clip, start=0.2, end=0.6))

    assert [frame.time_s for frame in frames] == [Fraction(number, 25) for number in range(5, 15)]
    assert max(combs(frame.image) for frame in frames) < 3


def test_progressive_frames_are_the_very_same(tmp_path):
    with av.open(str(write_scenes(tmp_path / "plain.mp4", 3))) as container:
        frames = list(container.decode(video=0))
    deinterlacer = Deinterlacer("plain.mp4")

    passed = [after for frame in frames for after in deinterlacer.frames_of(frame)]

    assert [after is frame for after, frame in zip(passed, frames, strict=True)] == [True] * 3
    assert list(deinterlacer.rest()) == []


def test_frames_that_change_their_size_midway_all_come(tmp_path):
    frames = []
    for codec in ("libx264", "mpeg2video"):
        with av.open(str(interlaced_clip(tmp_path / f"{codec}.mkv", codec, 4))) as container:
            frames += list(container.decode(video=0))
    with av.open(str(write_scenes(tmp_path / "other.mkv", 4, Size(64, 48)))) as container:
        frames += list(container.decode(video=0))
    deinterlacer = Deinterlacer("changing.mkv")

    passed = [after for frame in frames for after in deinterlacer.frames_of(frame)] + list(deinterlacer.rest())

    assert [(frame.width, frame.height) for frame in passed] == [(128, 96)] * 8 + [(64, 48)] * 4
    assert all(after.pts > before.pts for before, after in pairwise(passed[:4]))

"""Where a video can be cut."""

from fractions import Fraction

import av
import numpy as np
import pytest

from deeplab_cv.sources.cutting import FrameTimes, cut, frame_times_of, warmed_up
from deeplab_cv.sources.video import VideoSource

MS = Fraction(1, 1000)


def frame_times(frames=100, keys=range(0, 100, 10), gap=100):
    return FrameTimes([number * gap for number in range(frames)], list(keys), MS)


def spans(parts):
    return [(part.first, part.end) for part in parts]


@pytest.mark.parametrize(
    ("part_s", "expected"),
    [
        (20.0, [(0, 100)]),
        (5.0, [(0, 100)]),
        (4.9, [(0, 50), (50, 100)]),
        (3.0, [(0, 40), (40, 70), (70, 100)]),
        (1e-3, [(number, number + 10) for number in range(0, 100, 10)]),
    ],
)
def test_parts_begin_at_key_frames_and_are_about_as_long_as_asked_for(part_s, expected):
    assert spans(cut(frame_times(), part_s)) == expected


def test_without_a_further_key_frame_there_is_one_part():
    assert spans(cut(frame_times(keys=[0]), 1.0)) == [(0, 100)]
    assert cut(frame_times(frames=0, keys=[]), 1.0) == []


def test_the_last_part_has_no_end_and_the_first_no_beginning():
    first, last = cut(frame_times(), 4.9)

    assert (first.warm_pts, first.end_pts) == (None, 5000)
    assert (last.warm_pts, last.end_pts) == (5000, None)


def test_parts_are_warmed_up_from_frames_at_which_one_may_begin():
    parts = cut(frame_times(), 4.9)

    assert [part.warm for part in warmed_up(frame_times(), parts, frames=7)] == [0, 43]
    assert [part.warm for part in warmed_up(frame_times(), parts, frames=7, begins=[0, 41, 44, 50])] == [0, 41]
    assert [part.warm for part in warmed_up(frame_times(), parts, frames=0, begins=[0, 41, 50])] == [0, 50]
    assert [part.warm_pts for part in warmed_up(frame_times(), parts, frames=99)] == [None, None]


def write(path, *, frames=40, key_every=10, options=None):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": str(key_every), **(options or {})})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 5 * index, np.uint8), format="bgr24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    "options", [{}, {"bf": "3"}, {"x264-params": "open-gop=1:bframes=3"}], ids=["plain", "B", "open"]
)
def test_parts_together_have_every_frame_once(tmp_path, options):
    path = write(tmp_path / "clip.mp4", options=options)
    with VideoSource(path) as source:
        whole = [(frame.index, frame.pts, frame.image.tobytes()) for frame in iter(source.read, None)]

    parts = cut(frame_times_of(path, lambda: None), 0.3)
    together = []
    for part in parts:
        with VideoSource(path, part=part) as source:
            together += [(frame.index, frame.pts, frame.image.tobytes()) for frame in iter(source.read, None)]

    assert len(parts) > 1
    assert together == whole


def test_a_stream_that_may_be_cut_anywhere_has_no_frame_times(tmp_path):
    assert frame_times_of(write(tmp_path / "clip.ts"), lambda: None) is None


def test_an_interlaced_video_has_no_frame_times(tmp_path):
    assert frame_times_of(write(tmp_path / "clip.mp4", options={"x264-params": "tff=1"}), lambda: None) is None

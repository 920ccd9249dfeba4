"""Parts of a painted video, joined."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from deeplab_cv.errors import SinkError
from deeplab_cv.frames.frame import Frame, Painted, SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.joining import join_parts
from deeplab_cv.sinks.video import VideoSink

INFO = SourceInfo("clip", Size(64, 48), frame_rate=Fraction(25), frame_count=30, live=False, time_base=Fraction(1, 25))


def part(path, first, end, size=INFO.size):
    """Frames of a painted video from one number to another."""
    sink = VideoSink(path, replace(INFO, size=size))
    for index in range(first, end):
        pixels = Pixels(image=np.full((*size.hw, 3), 8 * index, np.uint8))
        sink.write(
            Painted(Frame(pixels, index, index, INFO.time_base, 0.0), np.zeros(size.hw, np.uint8), pixels, ("a",))
        )
    sink.finish()
    return path


def frames_of(path):
    with av.open(str(path)) as container:
        return [
            (frame.time, round(float(frame.to_ndarray(format="gray").mean()))) for frame in container.decode(video=0)
        ]


@pytest.mark.parametrize("extension", [".mp4", ".mov", ".mkv", ".webm"])
def test_joined_parts_show_what_one_video_shows(tmp_path, extension):
    spans = [(0, 11), (11, 12), (12, 30)]
    parts = [part(tmp_path / f"{first}{extension}", first, end) for first, end in spans]
    called = []

    written = join_parts(tmp_path / f"joined{extension}", parts, INFO, lambda: called.append(1))

    whole = frames_of(part(tmp_path / f"whole{extension}", 0, 30))
    joined = frames_of(tmp_path / f"joined{extension}")
    assert (written.frames, len(called)) == (30, 30)
    assert [time for time, _ in joined] == [time for time, _ in whole]
    assert all(abs(one - other) <= 3 for (_, one), (_, other) in zip(joined, whole, strict=True))


def test_parts_of_two_sizes_are_refused_and_nothing_is_left(tmp_path):
    parts = [part(tmp_path / "0.mp4", 0, 5), part(tmp_path / "1.mp4", 5, 9, size=Size(32, 32))]

    with pytest.raises(SinkError, match="several sizes"):
        join_parts(tmp_path / "joined.mp4", parts, INFO, lambda: None)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.mp4", "1.mp4"]


def test_parts_that_run_into_each_other_are_refused(tmp_path):
    parts = [part(tmp_path / "0.mp4", 0, 6), part(tmp_path / "1.mp4", 5, 9)]

    with pytest.raises(SinkError, match="run into each other"):
        join_parts(tmp_path / "joined.mp4", parts, INFO, lambda: None)

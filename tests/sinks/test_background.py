import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from deeplab_cv.errors import SinkError
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.background import InBackground
from deeplab_cv.sinks.sink import Written
from deeplab_cv.sinks.video import VideoSink
from tests.sinks.clips import info_of, painted, read_clip, scene
from tests.waiting import HANGS_S


class Memory:
    """A sink that remembers frames, slowly where it is told to wait, and fails at one of them."""

    needs_picture = False

    def __init__(self, fails_at=None, waits_for=None):
        self.frames, self.ended = [], ""
        self.fails_at, self.waits_for = fails_at, waits_for

    def write(self, frame):
        if self.waits_for is not None:
            self.waits_for.wait(HANGS_S)
        if frame.frame.index == self.fails_at:
            raise SinkError("the disk is full", "here", "make room")
        self.frames.append(frame.frame.index)

    def finish(self):
        self.ended = "finished"
        return Written(Path("out"), len(self.frames))

    def abandon(self):
        self.ended = "abandoned"
        return Written(Path("part"), len(self.frames), whole=False)


def frame(index):
    return painted(np.zeros((4, 4, 3), np.uint8), index)


def sink_threads():
    return [thread for thread in threading.enumerate() if thread.name == "sink"]


def test_every_frame_arrives_in_order_before_the_end():
    memory = Memory()
    sink = InBackground(memory)

    for index in range(50):
        sink.write(frame(index))

    assert sink.finish() == Written(Path("out"), 50)
    assert memory.frames == list(range(50))
    assert not sink_threads()


def test_writing_goes_on_while_the_sink_is_busy_and_waits_when_it_is_full():
    gate = threading.Event()
    memory = Memory(waits_for=gate)
    sink = InBackground(memory)
    writer = threading.Thread(target=lambda: [sink.write(frame(index)) for index in range(8)])

    sink.write(frame(100))
    writer.start()
    writer.join(0.3)

    assert writer.is_alive()
    assert memory.frames == []
    gate.set()
    writer.join(HANGS_S)
    sink.finish()
    assert memory.frames == [100, *range(8)]


def test_a_failure_is_raised_by_a_later_write():
    memory = Memory(fails_at=1)
    sink = InBackground(memory)

    with pytest.raises(SinkError, match="the disk is full"):
        for index in range(100):
            sink.write(frame(index))

    assert sink.abandon() == Written(Path("part"), 1, whole=False)
    assert memory.frames == [0]
    assert not sink_threads()


def test_a_failure_in_the_last_frame_is_raised_at_the_end_and_says_what_is_kept():
    memory = Memory(fails_at=1)
    sink = InBackground(memory)
    sink.write(frame(0))
    sink.write(frame(1))

    with pytest.raises(SinkError, match="the disk is full: here; make room; part: the first frame"):
        sink.finish()

    assert memory.ended == "abandoned"


def test_an_abandoned_sink_keeps_what_was_handed_in():
    memory = Memory()
    sink = InBackground(memory)
    sink.write(frame(0))

    assert sink.abandon() == Written(Path("part"), 1, whole=False)
    assert memory.frames == [0]
    assert memory.ended == "abandoned"


def test_a_video_written_in_the_background_is_as_good(tmp_path):
    for name, wrap in (("plain.mp4", lambda sink: sink), ("behind.mp4", lambda sink: InBackground(sink))):
        sink = wrap(VideoSink(tmp_path / name, info_of()))
        for index in range(12):
            sink.write(painted(scene(index, Size(64, 48)), index, index, Fraction(1, 25)))
        sink.finish()

    plain, behind = (read_clip(tmp_path / name) for name in ("plain.mp4", "behind.mp4"))
    assert plain.times_s == behind.times_s
    # x264 itself does not decide alike every time: 877 or 881 bytes for one and the same first picture (seen).
    for one, other in zip(plain.pictures, behind.pictures, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 0.5


class Slow(Memory):
    """A sink that takes frames at their own pace, which is never, until it is hurried."""

    def __init__(self):
        super().__init__(waits_for=threading.Event())

    def hurry(self):
        self.waits_for.set()


def test_who_gives_up_does_not_wait_for_the_time_of_the_last_frames():
    slow = Slow()
    sink = InBackground(slow)
    sink.write(frame(0))
    sink.write(frame(1))

    assert sink.abandon() == Written(Path("part"), 2, whole=False)

import itertools
import threading

import numpy as np
import pytest

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.sources import live
from deeplab_cv.sources.live import MICROSECOND, LiveSource, Patience
from tests.waiting import HANGS_S

PICTURE = Pixels(image=np.zeros((2, 2, 3), np.uint8))


class Device(LiveSource):
    """A live source whose next picture is what `give` returns."""

    def __init__(self, give):
        super().__init__()
        self.give = give
        self.released = 0

    def _next(self):
        return self.give()

    def _release(self):
        self.released += 1


def test_times_count_from_the_first_frame_in_microseconds():
    moments = iter([100.0, 100.5, 102.25])
    source = Device(lambda: (PICTURE, next(moments)))

    frames = [source.read() for _ in range(3)]

    assert [frame.pts for frame in frames] == [0, 500_000, 2_250_000]
    assert [frame.captured_at for frame in frames] == [100.0, 100.5, 102.25]
    assert {frame.time_base for frame in frames} == {MICROSECOND}


def test_times_and_numbers_rise_where_frames_come_at_the_same_moment():
    source = Device(lambda: (PICTURE, 7.0))

    frames = [source.read() for _ in range(4)]

    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert all(before.pts < after.pts for before, after in itertools.pairwise(frames))


def test_an_error_after_closing_is_an_end():
    def fail():
        source.close()
        raise SourceError("gone", "device", "plug it in")

    source = Device(fail)

    assert source.read() is None
    assert source.released


def test_an_error_before_closing_is_raised():
    def fail():
        raise SourceError("gone", "device", "plug it in")

    with pytest.raises(SourceError, match="gone"):
        Device(fail).read()


def test_a_read_that_the_device_keeps_lets_go_of_it_when_it_comes_back(monkeypatch):
    monkeypatch.setattr(live, "_CLOSE_PATIENCE_S", 0.01)
    inside, answer = threading.Event(), threading.Event()

    def hang():
        inside.set()
        answer.wait(HANGS_S)
        return PICTURE, 1.0

    source = Device(hang)
    answers = []
    reader = threading.Thread(target=lambda: answers.append(source.read()), daemon=True)
    reader.start()
    assert inside.wait(HANGS_S)

    source.close()

    assert source.released == 0
    answer.set()
    reader.join(HANGS_S)
    assert answers == [None]
    assert source.released == 1


def test_patience_is_over_after_the_silence_that_is_allowed(monkeypatch):
    now = [10.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: now[0])
    patience = Patience()

    now[0] += live.SILENCE_S
    assert not patience.is_over
    now[0] += 0.1
    assert patience.is_over
    patience.renew()
    assert not patience.is_over

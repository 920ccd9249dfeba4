"""A source and a sink made of numbers."""

import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from deeplab_cv.errors import SinkError
from deeplab_cv.frames.frame import Frame, SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.sink import Written
from deeplab_cv.sources.state import SourceState
from tests.waiting import HANGS_S


class Camera:
    """A camera made of numbers: `count` red frames, then `ending`; `exhausted` is set once all have been given."""

    def __init__(self, count=20, live=False, ending=None):
        self.info = SourceInfo(
            "numbers", Size(64, 48), frame_rate=Fraction(30), frame_count=count, live=live, time_base=Fraction(1, 30)
        )
        self._count, self._ending = count, ending
        self.exhausted = threading.Event()
        self._next = 0

    @property
    def state(self):
        return SourceState(self.info.name)

    def read(self):
        if self._next >= self._count:
            self.exhausted.set()
            if isinstance(self._ending, Exception):
                raise self._ending
            if isinstance(self._ending, threading.Event):
                self._ending.wait(HANGS_S)
            return None
        image = np.full((48, 64, 3), (0, 0, 255), np.uint8)
        frame = Frame(Pixels(image=image), self._next, self._next, Fraction(1, 30), time.monotonic())
        self._next += 1
        return frame

    def count_anew(self):
        self._next = 0


class Notebook:
    """A sink that remembers what it was given, takes its time or waits for an event, and fails at a frame."""

    needs_picture = False

    def __init__(self, fails_at=None, delay_s=0.0, waits_for=None):
        self.indexes, self.labels, self.ending = [], None, None
        self._fails_at, self._delay_s, self._waits_for = fails_at, delay_s, waits_for

    def write(self, painted):
        time.sleep(self._delay_s)
        if self._waits_for is not None:
            self._waits_for.wait(HANGS_S)
        if painted.frame.index == self._fails_at:
            raise SinkError("no room is left", "notebook", "free some")
        self.indexes.append(painted.frame.index)
        self.labels = painted.labels

    def finish(self):
        self.ending = "finished"
        return Written(Path("whole"), len(self.indexes))

    def abandon(self):
        self.ending = "abandoned"
        return Written(Path("partial"), len(self.indexes), whole=False)

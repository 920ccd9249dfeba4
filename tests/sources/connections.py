"""Live sources that play a written part, by a clock that only waiting moves on."""

import threading
from fractions import Fraction

import numpy as np

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.back_off import BackOff
from deeplab_cv.sources.connection import Arrival, StalledError
from deeplab_cv.sources.live import LiveSource

REFUSED = SourceError("connection refused", "fake://", "see whether it runs")
BROKEN = SourceError("the stream broke off", "fake://", "see whether it runs")
SILENT = StalledError("the stream sends nothing for 5 s", "fake://", "see whether it runs")


class FakeClock:
    """Nothing but waiting takes time; `waited` has how long each wait was to be."""

    def __init__(self):
        self.now_s = 1000.0
        self.waited = []

    def now(self):
        return self.now_s

    def wait(self, event, seconds):
        if not event.is_set():
            self.waited.append(seconds)
            self.now_s += seconds
        return event.is_set()


def picture(shade=7, size=Size(64, 48)):
    return Pixels(image=np.full((*size.hw, 3), shade, np.uint8))


class FakeConnection:
    """Gives a picture after each number of seconds; raises an error, or ends at None; then it breaks off."""

    def __init__(self, clock, part, *, size=Size(64, 48), rate=30, stall_s=5.0):
        self.size, self.stall_s = size, stall_s
        self.frame_rate = None if rate is None else Fraction(rate)
        self.closed = 0
        self._clock, self._part = clock, iter(part)

    def next(self):
        step = next(self._part, BROKEN)
        if isinstance(step, Exception):
            raise step
        if callable(step):
            step = step()
        if step is None:
            return None
        if isinstance(step, Arrival):
            return step
        self._clock.now_s += step
        return Arrival(picture(size=self.size), self._clock.now())

    def close(self):
        self.closed += 1


class FakeServer:
    """What each try to connect comes to, in order: an error, None, a part or a connection; the last again and again."""

    def __init__(self, clock, *tries):
        self.clock, self.tries = clock, list(tries)
        self.opened, self.tried_at = [], []

    def connect(self, closed: threading.Event):
        self.tried_at.append(self.clock.now())
        found = self.tries.pop(0) if len(self.tries) > 1 else self.tries[0]
        if isinstance(found, Exception):
            raise found
        if found is None:
            return None
        if callable(found):
            found = found()
        connection = found if isinstance(found, FakeConnection) else FakeConnection(self.clock, found)
        self.opened.append(connection)
        return connection


def live_source(clock, *tries, **options):
    """A live source without chance in its delays, and its server."""
    server = FakeServer(clock, *tries)
    return LiveSource("fake 0", server.connect, clock=clock, back_off=BackOff(lambda: 0.0), **options), server

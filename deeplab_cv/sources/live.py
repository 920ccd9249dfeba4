"""What every live source does: it numbers frames by the time they came, and lets go of a device that keeps a read."""

import threading
import time
from abc import abstractmethod
from fractions import Fraction

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.frame import Frame
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.sources.source import Source

MICROSECOND = Fraction(1, 1_000_000)
"""The unit of a live frame's time, in seconds."""

SILENCE_S = 5.0
"""How long a camera or server may give nothing, or nothing that can be decoded."""

_CLOSE_PATIENCE_S = 0.5


class LiveSource(Source):
    """Frames as they come, with the time since the first in microseconds; times rise, and closing waits for nobody."""

    def __init__(self) -> None:
        """Nothing is opened; whoever inherits opens the device and sets `info`."""
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._index = 0
        self._first_at: float | None = None
        self._last_pts = -1

    def read(self) -> Frame | None:
        """The next frame; None at the end and once the source is closed. Raises SourceError where none comes."""
        with self._lock:
            if self._closed.is_set():
                return None
            try:
                came = self._next()
            except SourceError:
                if self._closed.is_set():
                    return None
                raise
            finally:
                # close() gave up waiting for this read, so the read lets go of the device.
                if self._closed.is_set():
                    self._release()
            return None if came is None or self._closed.is_set() else self._numbered(*came)

    def count_anew(self) -> None:
        """The next frame is the first."""
        with self._lock:
            self._index, self._first_at, self._last_pts = 0, None, -1

    def close(self) -> None:
        """Let go of the device; a read that it keeps lets go of it when it comes back."""
        self._closed.set()
        if self._lock.acquire(timeout=_CLOSE_PATIENCE_S):
            self._release()
            self._lock.release()

    @abstractmethod
    def _next(self) -> tuple[Pixels, float] | None:
        """The next picture and when it came, `time.monotonic()`; None at the end. Raises SourceError."""

    @abstractmethod
    def _release(self) -> None:
        """Let go of the device; safe to call twice."""

    def _since_first(self, came_at: float) -> float:
        """Seconds since the first frame came, which is this one where there is none before."""
        if self._first_at is None:
            self._first_at = came_at
        return came_at - self._first_at

    def _numbered(self, pixels: Pixels, came_at: float) -> Frame:
        pts = max(self._last_pts + 1, round(self._since_first(came_at) / MICROSECOND))
        index, self._index, self._last_pts = self._index, self._index + 1, pts
        return Frame(pixels, index, pts, MICROSECOND, came_at)


class Patience:
    """How long nothing has come, from when it is made."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Something came: wait as long again."""
        self._since = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Nothing came for more than SILENCE_S."""
        return time.monotonic() - self._since > SILENCE_S

"""Pictures that somebody else puts in, such as a page with the browser's camera: a live source like all others."""

import threading
import zlib
from fractions import Fraction

from deeplab_cv.frames.pixels import Image, Pixels
from deeplab_cv.sources.connection import SYSTEM_CLOCK, USUAL_LIMITS, Arrival, AwaitedError, Clock, Limits, StalledError
from deeplab_cv.sources.live import LiveSource

_LOOK_S = 0.25
"""How often a reader that waits sees whether the source was closed."""


class PushedPictures:
    """Takes pictures from any thread, and gives the newest of them as a source.

    Attributes:
        source: gives the pictures; it is gone while nobody sends any, and comes back with the next one.
    """

    def __init__(self, name: str, remedy: str, *, clock: Clock = SYSTEM_CLOCK, limits: Limits = USUAL_LIMITS) -> None:
        """Nobody has sent a picture yet.

        Args:
            name: what the user is told, such as `the browser's camera`.
            remedy: what the user does for pictures to come.
            clock: whose time counts.
            limits: how long the sender may be silent.
        """
        self._name, self._remedy = name, remedy
        self._clock, self._limits = clock, limits
        self._newest: Arrival | None = None
        self._came = threading.Event()
        self._left = False
        self._lock = threading.Lock()
        self.source = LiveSource(name, self._connect, clock=clock)

    def put(self, image: Image, *, came_at: float | None = None) -> None:
        """A picture has come, and replaces one that nobody took yet.

        Args:
            image: uint8 (H, W, 3), BGR, which nobody writes into.
            came_at: when it was taken, by the clock; now where its sender does not know.
        """
        came_at = self._clock.now() if came_at is None else came_at
        fingerprint = zlib.crc32(image[::16, ::16].tobytes())
        with self._lock:
            self._newest, self._left = Arrival(Pixels(image=image), came_at, fingerprint=fingerprint), False
            self._came.set()
        if self.source.state.phase != "playing":
            self.source.try_now()

    def leave(self) -> None:
        """The sender says that it goes."""
        with self._lock:
            self._newest, self._left = None, True
            self._came.set()

    def _connect(self, closed: threading.Event) -> "_Sender":
        with self._lock:
            first = self._newest
        if first is None:
            raise self._awaited()
        return _Sender(first, self, closed)

    def _awaited(self) -> AwaitedError:
        return AwaitedError("nobody sends pictures", self._name, self._remedy)

    def _take(self, closed: threading.Event) -> Arrival | None:
        """The newest picture, waited for; None once the source is closed. Raises AwaitedError or StalledError."""
        waits_until = self._clock.now() + self._limits.stall_s
        while not closed.is_set():
            with self._lock:
                newest, self._newest = self._newest, None
                self._came.clear()
                if newest is not None:
                    return newest
                if self._left:
                    raise self._awaited()
            left_s = waits_until - self._clock.now()
            if left_s <= 0:
                raise StalledError(f"no picture for {self._limits.stall_s:.0f} s", self._name, self._remedy)
            self._clock.wait(self._came, min(_LOOK_S, left_s))
        return None


class _Sender:
    """Somebody who sends pictures; see sources.connection.Connection."""

    def __init__(self, first: Arrival, pictures: PushedPictures, closed: threading.Event) -> None:
        self.size = first.pixels.size
        self.frame_rate: Fraction | None = None
        self.stall_s = pictures._limits.stall_s
        self._pictures, self._closed = pictures, closed

    def next(self) -> Arrival | None:
        """The next picture; None once the source is closed. Raises SourceError."""
        return self._pictures._take(self._closed)

    def close(self) -> None:
        """There is nothing to let go of."""

"""What every live source does: it numbers frames by the time they came, and comes back when it was lost."""

import logging
import threading
from dataclasses import replace
from fractions import Fraction

from deeplab_cv.errors import SourceError, UserError
from deeplab_cv.frames.frame import Frame, SourceInfo
from deeplab_cv.frames.size import Size
from deeplab_cv.frames.sound import LiveSound
from deeplab_cv.sources.back_off import BackOff
from deeplab_cv.sources.connection import (
    SYSTEM_CLOCK,
    Arrival,
    AwaitedError,
    Clock,
    Connect,
    Connection,
    StalledError,
    StubbornError,
)
from deeplab_cv.sources.notices import Notices
from deeplab_cv.sources.source import Source
from deeplab_cv.sources.state import SourceState

MICROSECOND = Fraction(1, 1_000_000)
"""The unit of a live frame's time, in seconds."""

ASSUMED_SIZE = Size(1280, 720)
ASSUMED_RATE = Fraction(30)
"""What is taken for true of a source that is missing at the start, until it comes."""

_CLOSE_PATIENCE_S = 0.5
_AWAITED_S = 3600.0
"""What comes by itself is looked for this seldom."""

_OLD_S = 1.0
"""A first picture that waited so long for its reader is not given."""

_log = logging.getLogger(__name__)


class LiveSource(Source):
    """Frames as they come, with the time since the first in microseconds; times rise, and closing waits for nobody."""

    def __init__(
        self,
        name: str,
        connect: Connect,
        *,
        retry: int | None = None,
        end: float | None = None,
        assumed_size: Size = ASSUMED_SIZE,
        clock: Clock = SYSTEM_CLOCK,
        back_off: BackOff | None = None,
        sound: LiveSound | None = None,
    ) -> None:
        """Connect; where that fails, the source is waited for in `read`.

        Args:
            name: what the user is told.
            connect: opens a connection.
            retry: how many tries in a row may fail before the source is given up; None for ever, 0 at once.
            end: stop so many seconds after the first frame.
            assumed_size: of the pictures of a source that is missing.
            clock: whose time counts.
            back_off: how long is waited between two tries.
            sound: where connections put what can be heard; None where there never is sound.

        Raises:
            SourceError: it cannot be had, and is not tried again.
            UsageError: nothing of the kind can be had.
        """
        self._connect = connect
        self._retry = retry
        self._end = end
        self._clock = clock
        self._back_off = back_off or BackOff()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._wake = threading.Event()
        self._connection: Connection | None = None
        self._ended = False
        self._index = 0
        self._first_at: float | None = None
        self._last_pts = -1
        self._was_there = False
        self._connected_at = 0.0
        self._last_came_at = 0.0
        self._asked_at: float | None = None
        self._lost_at: float | None = None
        self._said: set[str] = set()
        self._state = SourceState(name, "connecting")
        self._notices = Notices(None, self._say_notice)
        self.info = SourceInfo(
            name,
            assumed_size,
            frame_rate=ASSUMED_RATE,
            frame_count=None,
            live=True,
            time_base=MICROSECOND,
            sound=sound,
        )
        self._try()

    @property
    def state(self) -> SourceState:
        """What it is doing now; from any thread."""
        asked_at, connection, state = self._asked_at, self._connection, self._state
        if asked_at is not None and connection is not None and state.phase == "playing":
            # A driver may keep a read for longer than it may take.
            silent_s = self._clock.now() - asked_at
            if silent_s > connection.stall_s:
                return replace(state, phase="gone", reason=f"no picture for {silent_s:.0f} s")
        return state

    def read(self) -> Frame | None:
        """The next frame, which may be long in coming; None at the end and once the source is closed.

        Raises SourceError where it was lost and is not tried again.
        """
        with self._lock:
            try:
                arrival = self._next()
            finally:
                # close() gave up waiting for this read, so the read lets go of the device.
                if self._closed.is_set():
                    self._release()
            if arrival is None or self._closed.is_set():
                return None
            return self._numbered(arrival)

    def count_anew(self) -> None:
        """The next frame is the first."""
        with self._lock:
            self._index, self._first_at, self._last_pts = 0, None, -1

    def try_now(self) -> None:
        """Wait no longer before the next try; from any thread."""
        self._wake.set()

    def close(self) -> None:
        """Let go of the device; a read that it keeps lets go of it when it comes back."""
        self._closed.set()
        self._wake.set()
        if self._lock.acquire(timeout=_CLOSE_PATIENCE_S):
            self._release()
            self._lock.release()

    def _next(self) -> Arrival | None:
        """The next picture, over any number of connections; None at the end and once the source is closed."""
        while not (self._ended or self._closed.is_set() or self._over(self._clock.now())):
            if self._connection is None:
                if self._wait_for_turn():
                    self._try()
                continue
            self._asked_at = self._clock.now()
            try:
                arrival = self._connection.next()
            except SourceError as error:
                if not self._closed.is_set():
                    self._lose(error)
                continue
            finally:
                self._asked_at = None
            if arrival is None:
                self._ended = True
                continue
            self._last_came_at = arrival.came_at
            if self._index or self._clock.now() - arrival.came_at < _OLD_S:
                seen = self._notices.see(arrival)
                if seen != self._state.notices:
                    self._state = replace(self._state, notices=seen)
                return None if self._over(arrival.came_at) else arrival
        return None

    def _over(self, now: float) -> bool:
        return self._end is not None and self._first_at is not None and now - self._first_at >= self._end

    def _wait_for_turn(self) -> bool:
        """Wait until the next try; False where something else is to be looked at first."""
        now = self._clock.now()
        until = self._state.retry_at or now + _AWAITED_S
        if now >= until:
            return True
        if self._end is not None and self._first_at is not None:
            until = min(until, self._first_at + self._end)
        woken = self._clock.wait(self._wake, until - now)
        self._wake.clear()
        return woken and not self._closed.is_set()

    def _try(self) -> None:
        """Connect. Raises SourceError where that fails and is not tried again."""
        self._state = replace(self._state, phase="connecting", retry_at=None)
        try:
            connection = self._connect(self._closed)
        except SourceError as error:
            if not self._closed.is_set():
                self._miss(error)
            return
        if connection is None:
            self._ended = True
            return
        self._connection = connection
        self._connected_at = self._last_came_at = self._clock.now()
        rate = connection.frame_rate
        self.info = replace(self.info, size=connection.size, frame_rate=rate)
        self._notices = Notices(None if rate is None else float(rate), self._say_notice)
        if self._lost_at is not None:
            words = "back" if self._was_there else "there"
            _log.warning("%s is %s after %.0f s", self.info.name, words, self._connected_at - self._lost_at)
        reconnects = self._state.reconnects + self._was_there
        self._was_there = True
        self._lost_at = None
        self._said.clear()
        self._state = replace(self._state, phase="playing", reason="", reconnects=reconnects)

    def _lose(self, error: SourceError) -> None:
        """The connection is lost. Raises the error where it is not tried again."""
        self._back_off.played(self._last_came_at - self._connected_at)
        if isinstance(error, StalledError):
            self._state = replace(self._state, stalls=self._state.stalls + 1)
        self._release()
        self._miss(error)

    def _miss(self, error: SourceError) -> None:
        """There is no connection. Raises the error where there will be no further try."""
        now = self._clock.now()
        first = self._lost_at is None
        if first:
            self._lost_at = now
        gone = replace(self._state, phase="gone", reason=_reason(error), notices=())
        if self._retry is not None and self._back_off.tries >= self._retry:
            self._state = gone
            raise error
        if isinstance(error, AwaitedError):
            self._state = gone
            if first:
                _log.warning("%s is gone, waiting for it: %s", self.info.name, error.remedy)
            return
        stubborn = isinstance(error, StubbornError)
        delay_s = self._back_off.next_delay_s(stubborn=stubborn)
        self._state = replace(gone, retry_at=now + delay_s, tries=self._back_off.tries)
        self._say_missing(error, delay_s, first=first, stubborn=stubborn)

    def _say_missing(self, error: SourceError, delay_s: float, *, first: bool, stubborn: bool) -> None:
        """A line where the source was just lost, and where it turns out that waiting will hardly help."""
        reason = _reason(error)
        if reason in self._said or not (first or stubborn):
            return
        self._said.add(reason)
        again = "trying again each minute" if stubborn else f"trying again in {max(1, round(delay_s))} s"
        if self._was_there:
            _log.warning("%s is gone (%s), %s", self.info.name, reason, again)
        else:
            _log.warning("%s: %s; %s; %s, --retry 0 ends the run instead", self.info.name, reason, error.remedy, again)

    def _say_notice(self, words: str) -> None:
        _log.warning("%s: %s", self.info.name, words)

    def _release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _numbered(self, arrival: Arrival) -> Frame:
        if self._first_at is None:
            self._first_at = arrival.came_at
        pts = max(self._last_pts + 1, round((arrival.came_at - self._first_at) / MICROSECOND))
        index, self._index, self._last_pts = self._index, self._index + 1, pts
        return Frame(arrival.pixels, index, pts, MICROSECOND, arrival.came_at)


def _reason(error: UserError) -> str:
    """What went wrong and why, without where: the name stands beside it."""
    return f"{error.what} ({error.cause})" if error.cause else error.what

"""What every kind of live source has: a connection that gives pictures as they come, until it is lost."""

import threading
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from fractions import Fraction
from typing import Protocol

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long a live source may take, in seconds.

    Attributes:
        open_s: until somebody answers.
        first_s: from then until the first picture.
        stall_s: between two pictures.
    """

    open_s: float = 5.0
    first_s: float = 10.0
    stall_s: float = 5.0


USUAL_LIMITS = Limits()


class Clock:
    """The system's clock, and waiting by it; tests have another one."""

    def now(self) -> float:
        """`time.monotonic()`, in seconds."""
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event, at most so long; whether it came."""
        return event.wait(seconds)


SYSTEM_CLOCK = Clock()


class StalledError(SourceError):
    """A source is there and gives no pictures."""


class StubbornError(SourceError):
    """A source cannot be had, and waiting will hardly change that: a wrong password, an unknown protocol."""


class AwaitedError(SourceError):
    """A source cannot be fetched, only waited for: whoever sends it begins by itself."""


@dataclass(frozen=True)
class Arrival:
    """A picture that came.

    Attributes:
        pixels: the picture.
        came_at: when it came, by the clock's `now()`.
        sent_at: its time by its sender's clock in seconds; None where it has none.
        fingerprint: the same number for the same picture; None where nobody looked.
    """

    pixels: Pixels
    came_at: float
    _: KW_ONLY
    sent_at: float | None = None
    fingerprint: int | None = None


class Connection(Protocol):
    """A camera or a server that gives pictures.

    Attributes:
        size: of its first picture, in pixels; later ones may have another.
        frame_rate: pictures a second, as it says; None where it does not.
        stall_s: how long it may take for a picture.
    """

    size: Size
    frame_rate: Fraction | None
    stall_s: float

    def next(self) -> Arrival | None:
        """The next picture; None where the sender has said that there are no more, or the source was closed.

        Raises SourceError where the connection is lost, StalledError where it is silent.
        """
        ...

    def close(self) -> None:
        """Let go of it; safe to call twice."""
        ...


Connect = Callable[[threading.Event], Connection | None]
"""Opens a connection, with its first picture read; the event is set once the source is closed and nobody waits.

Returns None where the sender has ended for good. Raises SourceError where there is no connection to be had.
"""

"""What is to be known of a run while it runs, as figures: a window or a page puts them into words."""

import time
from collections import deque
from dataclasses import dataclass

from deeplab_cv.frames.frame import Origin
from deeplab_cv.sources.state import SourceState

_RATE_WINDOW_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Status:
    """A run at this moment.

    Attributes:
        rate: frames shown a second, over the last two seconds.
        inference_ms: milliseconds that the network took for the frame that was inferred last.
        origin: how the frame on the screen got its scores.
        latency_ms: milliseconds from the reading of that frame to its showing.
        live: frames come at their own pace, so that latency and drops say something.
        dropped: frames of a live source that were replaced by newer ones.
        made_by: network and engine in words.
        recording: a video is being written.
        title: what is on the screen: the source, or which of its pictures.
        message: what an action answered, for a few seconds; else empty.
        source: whether the source's pictures come, and why not.
    """

    rate: float
    inference_ms: float
    origin: Origin
    latency_ms: float
    live: bool
    dropped: int
    made_by: str
    recording: bool
    title: str
    message: str
    source: SourceState


class Rate:
    """Counts frames a second."""

    def __init__(self) -> None:
        self._shown_at: deque[float] = deque()

    def count(self, now: float) -> None:
        """A frame was shown, at a `time.monotonic()`."""
        self._shown_at.append(now)
        while now - self._shown_at[0] > _RATE_WINDOW_S:
            self._shown_at.popleft()

    @property
    def per_second(self) -> float:
        """Frames a second over the last two seconds; 0 before the second frame."""
        span_s = self._shown_at[-1] - self._shown_at[0] if self._shown_at else 0.0
        return (len(self._shown_at) - 1) / span_s if span_s else 0.0


class Message:
    """A line that is shown for a few seconds."""

    def __init__(self, seconds: float = 5.0) -> None:
        self._seconds = seconds
        self._until = 0.0
        self.text = ""

    def say(self, text: str, seconds: float | None = None) -> None:
        """Show this line, in place of any before it, for as many seconds as usual or these."""
        self.text, self._until = text, time.monotonic() + (self._seconds if seconds is None else seconds)

    def expire(self) -> bool:
        """Take the line away when its time is over; True where it was just taken away."""
        if not self.text or time.monotonic() < self._until:
            return False
        self.text = ""
        return True

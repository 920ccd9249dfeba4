"""What can be done to any source: flip it, thin it out, begin it again."""

import dataclasses
import threading
from collections.abc import Callable
from fractions import Fraction

from deeplab_cv.frames.frame import Frame, Span
from deeplab_cv.sources.source import Source
from deeplab_cv.sources.state import SourceState


class Mirrored(Source):
    """A source with left and right exchanged.

    Attributes:
        on: they are exchanged in the frames to come; else the source is as it was.
    """

    def __init__(self, source: Source, *, on: bool = True) -> None:
        self._source = source
        self.on = on
        self.info = source.info

    @property
    def state(self) -> SourceState:
        """What the source does now."""
        return self._source.state

    def exchange(self) -> bool:
        """Flip the frames to come, or no longer; returns whether they are flipped now."""
        self.on = not self.on
        return self.on

    def read(self) -> Frame | None:
        """The next frame, flipped, or None at the end. Raises SourceError."""
        frame = self._source.read()
        if frame is None or not self.on:
            return frame
        return dataclasses.replace(frame, pixels=frame.pixels.flipped())

    def seek(self, time_s: Fraction) -> bool:
        """Go on at another time, where the source can."""
        return self._source.seek(time_s)

    def count_anew(self) -> None:
        """The next frame is the first."""
        self._source.count_anew()

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()


class EveryNth(Source):
    """The first of every N frames; those that are left keep their number and their time."""

    def __init__(self, source: Source, step: int) -> None:
        """Every N-th frame of a source.

        Args:
            source: whose frames.
            step: N, at least 1.
        """
        self._source = source
        self._step = step
        self._begun = False
        rate, count = source.info.frame_rate, source.info.frame_count
        self.info = dataclasses.replace(
            source.info,
            frame_rate=None if rate is None else rate / step,
            frame_count=None if count is None else -(-count // step),
        )

    @property
    def state(self) -> SourceState:
        """What the source does now."""
        return self._source.state

    def read(self) -> Frame | None:
        """The next frame that is taken, or None at the end. Raises SourceError."""
        if self._begun:
            for _ in range(self._step - 1):
                if self._source.read() is None:
                    return None
        self._begun = True
        return self._source.read()

    def seek(self, time_s: Fraction) -> bool:
        """Go on at another time, where the source can: the frame found there is taken."""
        self._begun = False
        return self._source.seek(time_s)

    def count_anew(self) -> None:
        """The next frame is the first, and is taken."""
        self._begun = False
        self._source.count_anew()

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()


class Looped(Source):
    """A source that begins again at its end, for ever; numbers and times go on rising."""

    def __init__(self, open_round: Callable[[], Source]) -> None:
        """The first round is opened at once.

        Args:
            open_round: opens the source anew for each round.
        """
        self._open_round = open_round
        self._lock = threading.Lock()
        self._closed = False
        self._source = open_round()
        self._index_shift = 0
        self._pts_shift = 0
        self._last: Frame | None = None
        # A file has its sound and subtitles once: they cannot be carried along.
        info = self._source.info
        span = info.span and Span(info.span.begin, None)
        self.info = dataclasses.replace(info, frame_count=None, tracks=False, span=span)

    def read(self) -> Frame | None:
        """The next frame; None only for a source without any, or once it is closed. Raises SourceError."""
        frame = self._source.read()
        if frame is None:
            if not self._begin_again():
                return None
            frame = self._source.read()
            if frame is None:
                return None
            self._go_on_after_last(frame)
        frame = dataclasses.replace(frame, index=frame.index + self._index_shift, pts=frame.pts + self._pts_shift)
        self._last = frame
        return frame

    def seek(self, time_s: Fraction) -> bool:
        """Go on at another time of this round, where the source can."""
        with self._lock:
            return self._source.seek(time_s - self._pts_shift * self.info.time_base)

    def _begin_again(self) -> bool:
        with self._lock:
            self._source.close()
            if self._closed or self._last is None:
                return False
            self._source = self._open_round()
            return True

    def _go_on_after_last(self, frame: Frame) -> None:
        if self._last is None:
            return
        rate, time_base = self.info.frame_rate, self.info.time_base
        duration = 1 if rate is None else max(1, round(1 / rate / time_base))
        self._index_shift = self._last.index + 1 - frame.index
        self._pts_shift = self._last.pts + duration - frame.pts

    def close(self) -> None:
        """Let go of the source, in whichever round it is."""
        with self._lock:
            self._closed = True
            self._source.close()

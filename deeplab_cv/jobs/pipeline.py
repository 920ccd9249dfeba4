"""Three threads, two queues, five endings: the way of every frame, from the source to the sinks.

    source.read -> [frames] -> stream -> [scored] -> labels -> paint -> window, sinks
    reader thread              inference thread         main thread (windows demand it)

Sinks that write files do so behind queues of their own (sinks/background.py).

A file job waits wherever the next stage is busy and loses nothing; a live job keeps only the newest frame and counts
the ones it replaced. Whichever way a run ends (source ends, user stops, source, engine or sink fails), the first
error is raised in the main thread, and within two seconds both threads have ended or, blocked in a driver, are left
behind as daemons.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from types import TracebackType

from typing_extensions import Self

from deeplab_cv.frames.frame import Frame, Scored
from deeplab_cv.frames.queues import FrameQueue
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sources.source import Source
from deeplab_cv.sources.state import SourceState

QUEUE_LENGTH = 2
"""Frames that wait between two threads of a file job: enough to keep both busy, few enough to keep memory flat."""

_LOOK_S = 0.05
"""How soon it is noticed that somebody looks, where no frame comes."""

JOIN_S = 0.4
"""How long a thread may take to end; one blocked in a driver or an endless network is left behind as a daemon."""

StreamOrOpener = Stream | Callable[[], Stream]
"""Network and engine, ready; or what makes them so, which may take a minute: the inference thread calls it."""


class Pipeline:
    """Reader and inference thread behind one `take`.

    While the stream is still being opened, a live source's frames can only be looked at; they do not count.

    Attributes:
        frames_read: frames the source has given so far, without those that were only looked at.
        newest: the frame that was read last from a live source, the first of a file; None before that.
        seeks: how often another place of the source was asked for.
        inferring: frames are inferred; without it `take` gives them as they were read, since nobody looks at them.
    """

    def __init__(self, source: Source, stream: StreamOrOpener) -> None:
        live = source.info.live
        self.frames_read = 0
        self.newest: Frame | None = None
        self.seeks = 0
        self.inferring = True
        self._sought: tuple[Fraction, Fraction] | None = None
        self._source = source
        self._opener = stream
        self._stream = stream if isinstance(stream, Stream) else None
        self._next_stream: Stream | None = None
        self._frames: FrameQueue[Frame] = FrameQueue(1 if live else QUEUE_LENGTH, live=live)
        self._scored: FrameQueue[Scored | Frame] = FrameQueue(1 if live else QUEUE_LENGTH, live=live)
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._read, name="reader", daemon=True),
            threading.Thread(target=self._infer, name="inference", daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._frames.stop()
        self._scored.stop()
        deadline = time.monotonic() + JOIN_S
        # An engine that is still loading cannot be stopped, and holds nothing that is to be saved.
        for thread in self._threads if self._stream else self._threads[:1]:
            thread.join(max(0.0, deadline - time.monotonic()))

    def take(self, timeout_s: float) -> Scored | Frame | None:
        """The next frame, None when none came in time. Raises what a thread raised, once all before it is taken.

        Returns:
            The frame with its scores; the frame alone where it is not inferred.

        Raises:
            SourceError: the source failed.
            EngineError: the engine failed.
        """
        scored = self._scored.get(timeout_s)
        if scored is not None and _frame_of(scored).seeks != self.seeks:
            return None
        if scored is None and self._error is not None and (self._scored.exhausted or self._stream is None):
            raise self._error
        return scored

    @property
    def ended(self) -> bool:
        """The source has ended and every frame has been taken."""
        return self._scored.exhausted and self._error is None

    @property
    def source_state(self) -> SourceState:
        """Whether the source's pictures come, and why not."""
        return self._source.state

    @property
    def frames_dropped(self) -> int:
        """Frames of a live source that were replaced by newer ones before anybody saw them."""
        return self._frames.replaced + self._scored.replaced

    @property
    def stream(self) -> Stream:
        """The network and engine now at work; there is one as soon as a frame was taken."""
        with self._lock:
            stream = self._next_stream or self._stream
        assert stream is not None
        return stream

    def seek(self, time_s: Fraction, otherwise_s: Fraction) -> None:
        """Go on with the first frame at or after a time, also after the end; what is on its way is thrown away.

        Args:
            time_s: as `Frame.time_s` counts.
            otherwise_s: where to go on where no frame lies behind that.
        """
        with self._lock:
            if self._source.info.span is None or self._error is not None:
                return
            self.seeks += 1
            self._sought = time_s, otherwise_s
            self._frames.reopen()
            self._scored.reopen()

    def swap(self, stream: Stream) -> None:
        """Go on with another network or engine from the next frame on; the old one is closed."""
        with self._lock:
            unused, self._next_stream = self._next_stream, stream
        if unused is not None:
            unused.close()

    def _read(self) -> None:
        try:
            self._look()
            while (frame := self._next()) is not None:
                if self._source.info.live or self.newest is None:
                    self.newest = frame
                if not self._frames.put(frame):
                    break
                self.frames_read += 1
        except BaseException as error:
            self._fail(error)
        # What was read before a failure is still segmented and written.
        self._frames.end()

    def _next(self) -> Frame | None:
        """The source's next frame, or that of the place that was asked for; None at the end, once nobody seeks."""
        while True:
            with self._lock:
                sought, self._sought, seeks = self._sought, None, self.seeks
            if sought is not None and not self._source.seek(sought[0]):
                self._source.seek(sought[1])
            frame = self._source.read()
            if frame is not None:
                return replace(frame, seeks=seeks) if seeks else frame
            with self._lock:
                if self._sought is not None:
                    continue
                self._frames.end()
                reopened = self._frames.reopened
            if not self._is_sought_in_after(reopened):
                return None

    def _is_sought_in_after(self, reopened: int) -> bool:
        """At the source's end: wait until another place of it is asked for; False where nobody will.

        Args:
            reopened: how often this had happened when the end was reached.
        """
        return self._source.info.span is not None and self._frames.wait_until_reopened(reopened)

    def _look(self) -> None:
        """Read a live source for those who look at it, until there is a stream for its frames."""
        if not self._source.info.live or self._stream is not None:
            return
        while self._stream is None and not self._frames.exhausted and (frame := self._source.read()) is not None:
            self.newest = frame
        self._source.count_anew()

    def _infer(self) -> None:
        try:
            stream = self._opened()
            goes_on = True
            while goes_on:
                reopened = self._frames.reopened
                while (frame := self._next_to_infer(stream)) is not None:
                    stream = self._with_next_taken(stream)
                    stream.submit(frame)
                    while stream.full:
                        self._scored.put(stream.result())
                self._drain(stream)
                with self._lock:
                    if self._frames.exhausted:
                        self._scored.end()
                goes_on = self._error is None and self._is_sought_in_after(reopened)
        except BaseException as error:
            self._fail(error)
        finally:
            self._scored.end()
            self._frames.stop()
            for stream_or_none in (self._next_stream, self._stream):
                if stream_or_none is not None:
                    stream_or_none.close()

    def _next_to_infer(self, stream: Stream) -> Frame | None:
        """The next frame whose scores are wanted, None at the end; those before it go on as they are."""
        passed: Frame | None = None
        while True:
            frame = self._frames.get(None if passed is None else _LOOK_S)
            if frame is None:
                if passed is None or self._frames.exhausted:
                    return None
                if self.inferring:
                    # Whoever begins to look sees the newest picture, even where the next one is long in coming.
                    return passed
            elif self.inferring:
                return frame
            else:
                self._drain(stream)
                stream.begin_anew()
                self._scored.put(frame)
                passed = frame if self._source.info.live else None

    def _opened(self) -> Stream:
        stream = self._opener if isinstance(self._opener, Stream) else self._opener()
        with self._lock:
            self._stream = stream
        return stream

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self._error = self._error or error

    def _drain(self, stream: Stream) -> None:
        while not stream.empty:
            self._scored.put(stream.result())

    def _with_next_taken(self, stream: Stream) -> Stream:
        """The stream to go on with: this one, or one that was handed in meanwhile."""
        with self._lock:
            if self._next_stream is None:
                return stream
            new = self._stream = self._next_stream
            self._next_stream = None
        self._drain(stream)
        stream.close()
        return new


def _frame_of(taken: Scored | Frame) -> Frame:
    return taken.frame if isinstance(taken, Scored) else taken

"""A sink that records events: it has each picture encoded by the stream that pages share, and never fails a run."""

import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from deeplab_cv.classes import known_class
from deeplab_cv.errors import SettingsError, SinkError, UserError
from deeplab_cv.events.clock import SourceClock
from deeplab_cv.events.ring import Piece
from deeplab_cv.events.tape import Seen, Tape
from deeplab_cv.events.webhook import Webhook
from deeplab_cv.frames.areas import roughly_counted_shares
from deeplab_cv.frames.frame import Painted
from deeplab_cv.frames.queues import FrameQueue
from deeplab_cv.sinks.shared_stream import Chunk, SharedStream
from deeplab_cv.sinks.sink import Written

_log = logging.getLogger(__name__)

_NAME = "recorder"

_MOST_WAITING = 600
"""Pieces of a live stream that wait for a slow disk; of more the oldest are lost, and what follows them up to a key."""

_GONE_S = 5.0
"""A live source that gave no picture for so long has ended its event."""

_GAPS = 3
"""Of the usual time between two pictures, where that is long."""

_LOOKS_S = 0.25
_STOPPED_ENDS_IN_S, _FILE_ENDS_IN_S = 1.0, 10.0
"""How long an address is waited for where somebody stops the run, or a live source ends, and at a file's end."""


@dataclass(frozen=True)
class _Note:
    """What goes with a picture through the encoder.

    Attributes:
        time_s: its time in the source's seconds.
        seen: what was seen in it.
        held: it is to be recorded whatever was seen.
    """

    time_s: float
    seen: Seen
    held: bool


class EventRecorder:
    """Records events into a folder; see sinks.sink.Sink. What goes wrong is told at once and raised at the end.

    Attributes:
        needs_picture: see sinks.sink.Sink.
    """

    needs_picture = True

    def __init__(
        self,
        stream: SharedStream,
        tape: Tape,
        *,
        classes: Sequence[str],
        keys_every_s: float,
        live: bool,
        webhook: Webhook | None = None,
    ) -> None:
        """Nothing is recorded yet.

        Args:
            stream: what encodes the pictures; lossless for a source that is not live.
            tape: where they are recorded.
            classes: names of those that are waited for; none where everything is recorded.
            keys_every_s: how far apart key frames may be.
            live: the source's pictures come at their own pace, and none may be waited for.
            webhook: what is told of each event; the tape does that, here it is closed.
        """
        self._stream = stream
        self._tape = tape
        self._classes = tuple(classes)
        self._keys_every_s = keys_every_s
        self._live = live
        self._webhook = webhook
        self._clock = SourceClock(live=live)
        self._chunks: FrameQueue[Chunk] = FrameQueue(_MOST_WAITING, live=live)
        self._held = not classes
        self._failure: Exception | None = None
        self._last: Piece | None = None
        self._number = 0
        self._key_s = 0.0
        self._hurried = False
        self._ending = False
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """A file is being written."""
        return self._tape.running

    def toggle(self) -> str:
        """Begin an event by hand, or let it end; returns a line for the user."""
        if not self._classes:
            return "everything is recorded already"
        self._held = not self._held
        return "recording" if self._held else "the recording ends in a moment"

    def write(self, painted: Painted) -> None:
        """Take one frame."""
        if self._thread is None:
            self._begin()
        captured_at = painted.frame.captured_at
        wall_s = time.time() - (time.monotonic() - captured_at if self._live else 0.0)
        share = _share(painted, self._classes)
        note = _Note(self._clock.time_of(painted.frame), Seen(share, wall_s, captured_at), self._held)
        self._stream.show(painted.pixels, captured_at, note)

    def hurry(self) -> None:
        """Wait no longer than a moment for an address, and for none any more at the end: somebody stops the run."""
        self._hurried = True
        if self._ending and self._webhook is not None:
            self._webhook.hurry()

    def finish(self) -> Written:
        """End what is being recorded. Raises SinkError where something could not be recorded, now or before."""
        written = self._end(patient=not self._live)
        error = self._failure or self._stream.error or self._tape.error
        if error is None:
            return written
        kept = f"; {written.note}" if written.frames else ""
        if isinstance(error, UserError):
            raise SinkError(error.what, error.where, f"{error.remedy}{kept}", cause=error.cause) from error
        raise SinkError("the recording failed", written.path, f"please report this{kept}", cause=error) from error

    def abandon(self) -> Written | None:
        """The run failed or was stopped: what was recorded until now is whole all the same."""
        written = self._end(patient=False)
        return written if written.frames else None

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._work, name=_NAME, daemon=True)
        self._thread.start()
        self._stream.deliver_to(self._deliver)
        self._stream.watch(_NAME, watched=True, standing=False)

    def _end(self, *, patient: bool) -> Written:
        self._ending = True
        if self._thread is None:
            return self._tape.summary
        self._stream.settle(_STOPPED_ENDS_IN_S if self._live else None)
        self._stream.watch(_NAME, watched=False)
        self._chunks.end()
        self._thread.join()
        if self._webhook is not None:
            wait_s = _FILE_ENDS_IN_S if patient and not self._hurried else _STOPPED_ENDS_IN_S
            self._webhook.close(wait_s)
        return self._tape.summary

    def _deliver(self, chunk: Chunk) -> None:
        self._chunks.put(chunk)

    def _work(self) -> None:
        try:
            seen_at, gone_s = time.monotonic(), _GONE_S
            while not self._chunks.exhausted:
                chunk = self._chunks.get(_LOOKS_S)
                now = time.monotonic()
                if chunk is not None and self._take(chunk):
                    # A slow network's pictures come seldom.
                    seen_at, gone_s = now, max(_GONE_S, _GAPS * (now - seen_at))
                elif self._live and now - seen_at > gone_s:
                    self._pause()
            self._tape.pause()
        except Exception as error:
            # The picture goes on, whatever is wrong here.
            _log.exception("nothing is recorded any more")
            self._failure = error
            self._stream.watch(_NAME, watched=False)
            self._chunks.stop()

    def _take(self, chunk: Chunk) -> bool:
        """Hand a piece on where it follows the one before, or decoding can begin at it; True for a new picture."""
        note = chunk.note if isinstance(chunk.note, _Note) and chunk.number != self._number else None
        before = self._last
        if before is not None and chunk.place != before.place + 1:
            # Some were lost.
            self._pause()
            before = None
        # One that only stands still counts, since the pictures after it are encoded as what changes in it.
        time_s = note.time_s if note is not None else before.time_s if before is not None else None
        if time_s is None or (before is None and not chunk.packet.key):
            if note is not None:
                self._stream.want_key()
            return note is not None
        assert chunk.made_by is not None
        piece = Piece(chunk.packet.data, chunk.packet.key, time_s, chunk.place, chunk.made_by)
        self._tape.take(piece, note.seen if note is not None else None, held=note is not None and note.held)
        self._last, self._number = piece, chunk.number
        self._key_s = time_s if piece.key else self._key_s
        if time_s - self._key_s >= self._keys_every_s:
            self._stream.want_key()
        return note is not None

    def _pause(self) -> None:
        """What comes next does not follow what was there."""
        if self._last is not None:
            self._last = None
            self._tape.pause()


def _share(painted: Painted, classes: tuple[str, ...]) -> float:
    """How much of a picture the classes fill, as far as its network knows them."""
    numbers = _numbers(classes, painted.class_names)
    if not numbers:
        return 0.0
    shares = roughly_counted_shares(painted.labels, len(painted.class_names))
    return float(sum(shares[number] for number in numbers))


@lru_cache(maxsize=8)
def _numbers(classes: tuple[str, ...], class_names: tuple[str, ...]) -> tuple[int, ...]:
    numbers = set()
    for name in classes:
        # Another network may have been switched in.
        with contextlib.suppress(SettingsError):
            numbers.add(known_class(name, class_names))
    return tuple(numbers)

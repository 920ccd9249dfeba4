"""The H.264 stream that pages and recordings share: encoded once, in a thread of its own, while somebody takes it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace

from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.sinks.live_encoding import LiveEncoder, LivePacket

_log = logging.getLogger(__name__)

_STANDING_S = 0.5
"""A picture that stands still is encoded again after so long, for the muxer and decoders that hold one back."""

_BETWEEN_KEYS_S = 0.5
"""A viewer that falls behind again and again must not make everybody's stream one of key frames."""

_END_S = 1.0

_MOST_WAITING = 2
"""Pictures of a file that wait for the encoder."""


@dataclass(frozen=True)
class Chunk:
    """A piece of the stream.

    Attributes:
        encoder: which run of the encoder it belongs to; another number after a change of the picture's size,
            and after hours without a picture.
        number: of the picture in it, from 1; the same again where a picture stands still.
        since_s: from when the picture's delay counts, `time.monotonic()`.
        packet: it in H.264.
        before: the chunk before, which `packet.fragment` is of; None for the first.
        place: counts the pieces, so that who missed one knows.
        note: what came with the picture.
        made_by: the encoder itself; None where nobody needs it.
    """

    encoder: int
    number: int
    since_s: float
    packet: LivePacket
    before: "Chunk | None"
    _: KW_ONLY
    place: int = 0
    note: object = None
    made_by: LiveEncoder | None = None

    def alone(self) -> "Chunk":
        """The chunk without those before it."""
        return replace(self, before=None)


@dataclass(frozen=True)
class _Picture:
    number: int
    pixels: Pixels
    since_s: float
    note: object


class SharedStream:
    """Encodes pictures for whoever takes them.

    A picture that is replaced before its turn is never encoded, unless none may be lost.

    Attributes:
        encoder: the one at work; None while nobody takes the stream.
        generation: counts encoders.
        encoded: pictures that were encoded.
        error: what ended the stream; None while it goes on.
    """

    def __init__(self, *, lossless: bool = False) -> None:
        """Nothing is encoded yet.

        Args:
            lossless: every picture that comes with a note is encoded, and waited for.
        """
        self.encoder: LiveEncoder | None = None
        self.generation = 0
        self.encoded = 0
        self.error: Exception | None = None
        self._lossless = lossless
        self._changed = threading.Condition()
        self._takers: list[Callable[[Chunk], None]] = []
        self._watching: dict[str, bool] = {}
        self._newest: _Picture | None = None
        self._waiting: deque[_Picture] = deque()
        self._busy = False
        self._key_wanted = False
        self._closed = False
        self._begun_s = 0.0
        self._last_key_s = 0.0
        self._before: Chunk | None = None
        self._thread: threading.Thread | None = None

    def deliver_to(self, taker: Callable[[Chunk], None]) -> None:
        """Have this called with each piece, in the encoder's thread; from any thread."""
        with self._changed:
            self._takers = [*self._takers, taker]

    def watch(self, who: str, *, watched: bool, standing: bool = True) -> None:
        """Somebody takes the stream, or no longer; from any thread.

        Args:
            who: one of those that take it.
            watched: they do now.
            standing: they need a picture that stands still again and again.
        """
        with self._changed:
            self._watching.pop(who, None)
            if watched:
                self._watching[who] = standing
            if watched and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="shared encoder", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def show(self, pixels: Pixels, since_s: float, note: object = None) -> None:
        """The picture is this now; from any thread. One that is there already is not taken again.

        Args:
            pixels: painted when it is encoded.
            since_s: see Chunk.
            note: goes with it into its chunk.
        """
        with self._changed:
            if self._newest is not None and self._newest.pixels is pixels:
                return
            if self._lossless and note is not None:
                self._changed.wait_for(lambda: self._idles or len(self._waiting) < _MOST_WAITING)
            keeps = self._lossless and not self._idles
            self._waiting = deque(each for each in self._waiting if keeps and each.note is not None)
            number = 1 if self._newest is None else self._newest.number + 1
            self._newest = _Picture(number, pixels, since_s, note)
            self._waiting.append(self._newest)
            self._changed.notify_all()

    def want_key(self) -> None:
        """Somebody needs a picture that decoding can begin at, the next or one that stands still; from any thread."""
        with self._changed:
            self._key_wanted = True
            self._changed.notify_all()

    def settle(self, timeout_s: float | None = None) -> None:
        """Wait until every picture that was shown is delivered, or nobody takes it."""
        with self._changed:
            self._changed.wait_for(lambda: self._idles or not (self._waiting or self._busy), timeout_s)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_END_S)

    @property
    def _idles(self) -> bool:
        return self._closed or not self._watching

    def _work(self) -> None:
        while (picture := self._next()) is not None:
            try:
                chunk = self._encoded(picture)
                for taker in self._takers:
                    taker(chunk)
            except Exception as error:
                # A picture that cannot be painted or encoded stops the run where it is painted for a file; here only
                # this stream.
                _log.exception("the shared H.264 stream stops")
                with self._changed:
                    self.error, self._closed = error, True
                    self._changed.notify_all()
                return
        self._drop_encoder()

    def _next(self) -> _Picture | None:
        """The picture to encode now, when there is one and somebody takes it; None at the end."""
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            while not self._closed:
                if not self._watching:
                    self._drop_encoder()
                    self._changed.wait()
                elif self._waiting:
                    self._busy = True
                    return self._waiting.popleft()
                elif self._newest is None or not any(self._watching.values()):
                    self._changed.wait()
                elif self._key_is_due() or not self._changed.wait(_STANDING_S):
                    return self._newest
        return None

    def _key_is_due(self) -> bool:
        return self._key_wanted and (self._lossless or time.monotonic() - self._last_key_s > _BETWEEN_KEYS_S)

    def _encoded(self, picture: _Picture) -> Chunk:
        size = picture.pixels.size
        now = time.monotonic()
        if self.encoder is None or not self.encoder.can_follow(size, now - self._begun_s):
            self._drop_encoder()
            self.generation += 1
            self.encoder = LiveEncoder(size)
            self._begun_s = now
            self._key_wanted = True
        key = self._key_is_due()
        if key:
            self._key_wanted, self._last_key_s = False, now
        packet = self.encoder.encode(picture.pixels, now - self._begun_s, key=key)
        self.encoded += 1
        chunk = Chunk(
            self.generation,
            picture.number,
            picture.since_s,
            packet,
            self._before,
            place=self.encoded,
            note=picture.note,
            made_by=self.encoder,
        )
        self._before = chunk.alone()
        return chunk

    def _drop_encoder(self) -> None:
        encoder, self.encoder, self._before = self.encoder, None, None
        if encoder is not None:
            encoder.close()

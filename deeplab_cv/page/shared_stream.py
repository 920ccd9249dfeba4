"""The H.264 stream that all viewers share: encoded in a thread of its own, and only while somebody watches it."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from deeplab_cv.controls.stage import Picture, Stage
from deeplab_cv.sinks.live_encoding import LiveEncoder, LivePacket

_log = logging.getLogger(__name__)

_STANDING_S = 0.5
"""A picture that stands still is encoded again after so long, for the muxer and decoders that hold one back."""

_BETWEEN_KEYS_S = 0.5
"""A viewer that falls behind again and again must not make everybody's stream one of key frames."""


@dataclass(frozen=True)
class Chunk:
    """A piece of the stream.

    Attributes:
        encoder: which run of the encoder it belongs to; another number after a change of the picture's size.
        number: of the picture in it, see Picture.
        since_s: of that picture.
        packet: it in H.264.
        before: the chunk before, which `packet.fragment` is of; None for the first.
    """

    encoder: int
    number: int
    since_s: float
    packet: LivePacket
    before: "Chunk | None"

    def alone(self) -> "Chunk":
        """The chunk without those before it."""
        return Chunk(self.encoder, self.number, self.since_s, self.packet, None)


class SharedStream:
    """Encodes the stage's newest picture for whoever watches.

    Attributes:
        encoder: the one at work; None while nobody watches.
        generation: counts encoders.
        encoded: pictures that were encoded.
    """

    def __init__(self, stage: Stage, deliver: Callable[[Chunk], None]) -> None:
        """Nothing is encoded yet.

        Args:
            stage: whose pictures.
            deliver: takes each piece, in the encoder's thread.
        """
        self.encoder: LiveEncoder | None = None
        self.generation = 0
        self.encoded = 0
        self._stage = stage
        self._deliver = deliver
        self._watched = False
        self._key_wanted = False
        self._closed = False
        self._begun_s = 0.0
        self._last_key_s = 0.0
        self._before: Chunk | None = None
        self._thread = threading.Thread(target=self._work, name="page encoder", daemon=True)
        self._thread.start()

    def watch(self, *, watched: bool) -> None:
        """Somebody watches the stream, or nobody; from any thread."""
        with self._stage.changed:
            self._watched = watched
            self._stage.changed.notify_all()

    def want_key(self) -> None:
        """Somebody needs a picture that decoding can begin at; from any thread."""
        with self._stage.changed:
            self._key_wanted = True
            self._stage.changed.notify_all()

    def close(self) -> None:
        """End the thread."""
        with self._stage.changed:
            self._closed = True
            self._stage.changed.notify_all()
        self._thread.join(1.0)

    def _work(self) -> None:
        done = 0
        while (picture := self._next(done)) is not None:
            done = picture.number
            try:
                self._deliver(self._encoded(picture))
            except Exception:
                # A picture that cannot be painted or encoded stops the run where it is painted for a file; here only
                # this stream.
                _log.exception("the page's H.264 stream stops")
                return
        self._drop_encoder()

    def _next(self, done: int) -> Picture | None:
        """The picture to encode now, when there is one and somebody watches; None at the end."""
        stage = self._stage
        with stage.changed:
            while not self._closed:
                if not self._watched:
                    self._drop_encoder()
                    stage.changed.wait()
                    continue
                picture = stage.picture
                if picture is not None and (picture.number != done or self._key_is_due()):
                    return picture
                if not stage.changed.wait(_STANDING_S) and picture is not None:
                    return picture
        return None

    def _key_is_due(self) -> bool:
        return self._key_wanted and time.monotonic() - self._last_key_s > _BETWEEN_KEYS_S

    def _encoded(self, picture: Picture) -> Chunk:
        size = picture.pixels.size
        now = time.monotonic()
        if self.encoder is None or self.encoder.size != size:
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
        chunk = Chunk(self.generation, picture.number, picture.since_s, packet, self._before)
        self._before = chunk.alone()
        return chunk

    def _drop_encoder(self) -> None:
        encoder, self.encoder, self._before = self.encoder, None, None
        if encoder is not None:
            encoder.close()

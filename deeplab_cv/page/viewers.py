"""Who watches the page's stream, and what each is to be sent next: a slot for each, never a queue."""

import asyncio
import struct
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, get_args

from deeplab_cv.controls.stage import Picture
from deeplab_cv.sinks.shared_stream import Chunk, SharedStream

Transport = Literal["webcodecs", "mse", "jpeg"]
"""How a page gets its pictures: H.264 as it is, H.264 as fragments of MP4, or single JPEGs."""

TRANSPORTS: tuple[Transport, ...] = get_args(Transport)

_HEADER = struct.Struct(">BBxxxxxxdd")
"""Kind, whether decoding can begin here, when it is to be shown, and from when its delay counts; seconds."""

JPEG, H264, MP4_HEAD, MP4_FRAGMENT = range(4)

_LEAST_ON_THE_WAY, _MOST_ON_THE_WAY = 2, 8
"""So many pictures may be sent that the page has not confirmed: a slow line must not fill up with old ones."""

_SOON_S, _LATE_S = 0.25, 0.5
"""A page that confirms a picture so soon may have more on the way; one that is later has half as many."""


def message(kind: int, payload: bytes, *, key: bool = False, time_s: float = 0.0, since_s: float = 0.0) -> bytes:
    """A picture, or a part of the stream, as the page reads it (static/messages.js)."""
    return _HEADER.pack(kind, key, time_s, since_s) + payload


class Viewer:
    """One page that watches; everything here happens in the server's thread.

    Attributes:
        transport: what it wants; None while it rests.
        wake: set when there may be something to send.
        sent_bytes: of pictures.
    """

    def __init__(self, *, pulls: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        """It rests.

        Args:
            pulls: it is a program that reads /stream.mjpg, and never rests.
            clock: whose time counts, in seconds.
        """
        self.transport: Transport | None = None
        self._pulls = pulls
        self.wake = asyncio.Event()
        self.sent_bytes = 0
        self._clock = clock
        self._on_the_way: deque[float] = deque()
        self._room = _MOST_ON_THE_WAY
        self._number = 0
        self._encoder = 0
        self._needs_key = True
        self._ready: deque[Chunk] = deque()

    @property
    def watches(self) -> bool:
        """It wants pictures."""
        return self._pulls or self.transport is not None

    @property
    def needs_key(self) -> bool:
        """It can go on from a key frame only, and has room for one."""
        return self._streams and self._needs_key and len(self._on_the_way) <= 1

    @property
    def _streams(self) -> bool:
        return self.transport in ("webcodecs", "mse")

    def begin(self, transport: Transport | None) -> None:
        """Send pictures in this way from now on, or none."""
        self.transport = transport
        self._number, self._encoder = 0, 0
        self._room = _MOST_ON_THE_WAY
        self._needs_key = True
        self._on_the_way.clear()
        self._ready.clear()
        self.wake.set()

    def confirm(self, count: int) -> None:
        """The page has taken so many pictures."""
        now = self._clock()
        for _ in range(min(count, len(self._on_the_way))):
            took_s = now - self._on_the_way.popleft()
            if took_s < _SOON_S:
                self._room = min(_MOST_ON_THE_WAY, self._room + 1)
            elif took_s > _LATE_S:
                self._room = max(_LEAST_ON_THE_WAY, self._room // 2)
        self.wake.set()

    def offer(self, chunk: Chunk) -> None:
        """A new piece of the stream; taken where it follows those before it and there is room."""
        if not self._streams:
            return
        begins = _begins(chunk, self.transport)
        if self._needs_key and not begins:
            return
        if len(self._on_the_way) + len(self._ready) >= self._room:
            self._ready.clear()
            self._needs_key = True
            return
        self._needs_key = False
        self._ready.append(chunk)
        self.wake.set()

    def next_chunk(self) -> Chunk | None:
        """The piece of the stream to send now; None where there is none."""
        if not self._ready:
            return None
        self._on_the_way.append(self._clock())
        return self._ready.popleft()

    def is_new_stream(self, chunk: Chunk) -> bool:
        """The page has to make its decoder ready for this piece, since it is of another encoder than the last."""
        is_new, self._encoder = chunk.encoder != self._encoder, chunk.encoder
        return is_new

    def next_picture(self, newest: Picture | None) -> Picture | None:
        """The picture to send now as a JPEG; None where there is no newer one, or no room."""
        if self.transport != "jpeg" or newest is None or newest.number == self._number:
            return None
        if len(self._on_the_way) >= _LEAST_ON_THE_WAY:
            return None
        self._number = newest.number
        self._on_the_way.append(self._clock())
        return newest


def _begins(chunk: Chunk, transport: Transport | None) -> bool:
    if transport == "webcodecs":
        return chunk.packet.key
    return chunk.before is not None and chunk.before.packet.key


def piece(chunk: Chunk, transport: Transport | None) -> bytes:
    """A piece of the stream as a message for a page."""
    if transport == "mse" and chunk.before is not None:
        before = chunk.before
        return message(
            MP4_FRAGMENT,
            chunk.packet.fragment,
            key=before.packet.key,
            time_s=before.packet.time_s,
            since_s=before.since_s,
        )
    packet = chunk.packet
    return message(H264, packet.data, key=packet.key, time_s=packet.time_s, since_s=chunk.since_s)


class Viewers:
    """All that watch now.

    Attributes:
        anybody: one of them wants pictures; may be read in any thread.
    """

    def __init__(self, most: int, stream: SharedStream) -> None:
        """Nobody watches yet.

        Args:
            most: so many may watch at once.
            stream: the one that they share, which is encoded while somebody watches it.
        """
        self.anybody = False
        self._most = most
        self._stream = stream
        self._sent_to_gone = 0
        self._all: set[Viewer] = set()

    def __len__(self) -> int:
        return len(self._all)

    def count(self, transport: Transport | None) -> int:
        """How many watch in this way."""
        return sum(viewer.transport == transport for viewer in self._all)

    @property
    def sent_bytes(self) -> int:
        """Bytes of pictures that were sent, to those that have gone as well."""
        return self._sent_to_gone + sum(viewer.sent_bytes for viewer in self._all)

    def add(self, *, pulls: bool = False) -> Viewer | None:
        """A new viewer, see Viewer; None where there are as many as may be."""
        if len(self._all) >= self._most:
            return None
        viewer = Viewer(pulls=pulls)
        self._all.add(viewer)
        self.anybody = self.anybody or viewer.watches
        return viewer

    def remove(self, viewer: Viewer) -> None:
        """A viewer has gone."""
        self._all.discard(viewer)
        self._sent_to_gone += viewer.sent_bytes
        self.look()

    def look(self) -> None:
        """See whether anybody watches, whether the shared stream, and whether somebody needs a key frame."""
        self.anybody = any(viewer.watches for viewer in self._all)
        self._stream.watch("page", watched=bool(self.count("webcodecs") + self.count("mse")))
        self._see_who_needs_a_key()

    def offer(self, chunk: Chunk) -> None:
        """Hand a new piece of the stream to all that watch it."""
        for viewer in self._all:
            viewer.offer(chunk)
        self._see_who_needs_a_key()

    def wake(self) -> None:
        """There is a new picture."""
        for viewer in self._all:
            viewer.wake.set()

    def _see_who_needs_a_key(self) -> None:
        if any(viewer.needs_key for viewer in self._all):
            self._stream.want_key()

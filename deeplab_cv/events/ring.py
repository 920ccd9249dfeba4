"""The last seconds of a stream, encoded, from a picture on that decoding can begin at."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from deeplab_cv.sinks.live_encoding import LiveEncoder


@dataclass(frozen=True)
class Piece:
    """An encoded picture on its way into a recording.

    Attributes:
        data: H.264.
        key: decoding can begin here.
        time_s: when it is to be shown, in the source's time; no earlier than the piece before.
        place: counts the pieces of a stream.
        encoder: what made it; a file holds pieces of one encoder.
    """

    data: bytes
    key: bool
    time_s: float
    place: int
    encoder: LiveEncoder


class PacketRing:
    """Keeps pieces for so many seconds, and those before that decoding them needs."""

    def __init__(self, keeps_s: float) -> None:
        """Nothing is kept yet."""
        self._keeps_s = keeps_s
        self._pieces: deque[Piece] = deque()
        self._keys: deque[Piece] = deque()

    def __len__(self) -> int:
        return len(self._pieces)

    def add(self, piece: Piece) -> None:
        """One more piece, the next of the same encoder; the first is a key frame."""
        self._pieces.append(piece)
        if piece.key:
            self._keys.append(piece)
        while len(self._keys) > 1 and self._keys[1].time_s <= piece.time_s - self._keeps_s:
            self._keys.popleft()
            while self._pieces[0] is not self._keys[0]:
                self._pieces.popleft()

    def clear(self) -> None:
        """Keep nothing: what comes next does not follow what is here."""
        self._pieces.clear()
        self._keys.clear()

    def since(self, time_s: float) -> Iterator[Piece]:
        """All pieces from the last key frame on that is not after a time, or else from the first."""
        begin = self._pieces[0].place if self._pieces else 0
        for key in self._keys:
            begin = key.place if key.time_s <= time_s else begin
        return self.after(begin - 1)

    def after(self, place: int) -> Iterator[Piece]:
        """All pieces after one."""
        return (piece for piece in tuple(self._pieces) if piece.place > place)

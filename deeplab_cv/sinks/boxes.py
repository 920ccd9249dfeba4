"""The boxes that an MP4 or MOV file is made of, and what its index says of one track.

A box is its size, four letters, and content, which may be further boxes. The samples lie in `mdat`; `moov` is the index
of them all, with a `trak` for each track.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEAD = 8
_LONG_HEAD = 16
_COUNT_AND_VERSION = 8

Read = Callable[[int, int], bytes]
"""Gives the bytes from a begin to an end."""

Numbers = NDArray[np.int64]


class UnusualFileError(Exception):
    """The file is built otherwise than FFmpeg builds it."""


@dataclass(frozen=True)
class Box:
    """Where a box lies: its letters, and the places of its head, its content and its end."""

    kind: bytes
    begin: int
    content: int
    end: int


def boxes_in(read: Read, begin: int, end: int) -> Iterator[Box]:
    """The boxes between two places, one after another. Raises UnusualFileError."""
    while begin + HEAD <= end:
        head = read(begin, begin + _LONG_HEAD)
        size, content = int.from_bytes(head[:4], "big"), begin + HEAD
        if size == 1:
            size, content = int.from_bytes(head[8:], "big"), begin + _LONG_HEAD
        if not content - begin <= size <= end - begin:
            raise UnusualFileError
        yield Box(head[4:8], begin, content, begin + size)
        begin += size


def only(kind: bytes, boxes: Iterable[Box]) -> Box:
    """The one box with these letters. Raises UnusualFileError where there are more or none."""
    found = [box for box in boxes if box.kind == kind]
    if len(found) != 1:
        raise UnusualFileError
    return found[0]


class Index:
    """The `moov` box of a file, in memory, to be read and changed in its place; `data` is all of it."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)

    def tracks(self) -> list[Box]:
        """Its tracks."""
        return [box for box in boxes_in(self._read, HEAD, len(self.data)) if box.kind == b"trak"]

    def inside(self, box: Box | None, *kinds: bytes) -> dict[bytes, Box]:
        """The boxes in a box, or in the index itself, by their letters; `kinds` lead further down to others."""
        content, end = (HEAD, len(self.data)) if box is None else (box.content, box.end)
        found = {inner.kind: inner for inner in boxes_in(self._read, content, end)}
        if not kinds:
            return found
        if kinds[0] not in found:
            raise UnusualFileError
        return self.inside(found[kinds[0]], *kinds[1:])

    def rows(self, box: Box, columns: int, stored_as: str = ">u4") -> Numbers:
        """The numbers of a table as int64 (rows, columns): behind version, flags and their count."""
        stored: NDArray[Any] = np.frombuffer(self._read(box.content + _COUNT_AND_VERSION, box.end), stored_as)
        return stored.reshape(-1, columns).astype(np.int64)

    def set_rows(self, box: Box, rows: Numbers, stored_as: str) -> None:
        """Put other numbers into a table. Raises UnusualFileError where they are too large for it."""
        if rows.size and rows.max() > np.iinfo(np.dtype(stored_as)).max:
            raise UnusualFileError
        data = rows.astype(stored_as).tobytes()
        at = box.content + _COUNT_AND_VERSION
        self.data[at : at + len(data)] = data

    def number(self, field: slice) -> int:
        """A whole number, most significant byte first."""
        return int.from_bytes(self.data[field], "big")

    def set_number(self, field: slice, value: int) -> None:
        """Put another number in its place. Raises UnusualFileError where it does not fit in there."""
        try:
            self.data[field] = value.to_bytes(field.stop - field.start, "big")
        except OverflowError as error:
            raise UnusualFileError from error

    def long(self, box: Box) -> bool:
        """A box's times and durations take eight bytes each, not four."""
        return self.data[box.content] == 1

    def _read(self, begin: int, end: int) -> bytes:
        return bytes(self.data[begin:end])

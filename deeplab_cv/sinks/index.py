"""The index of a finished MP4 or MOV file: set right, and moved to the front.

FFmpeg writes the file in fragments, so that it plays wherever it breaks off, and makes an ordinary one of it at the
end. Three things are left to do. Where pictures are stored out of order, it takes the last stored one for the last
shown, and players leave one or more out. It keeps tracks in which nothing is. And a browser begins before it has the
whole file where the index comes first.
"""

import contextlib
import os
import shutil
from pathlib import Path
from typing import BinaryIO

import numpy as np

from deeplab_cv.machine.files import Draft
from deeplab_cv.sinks.boxes import HEAD, Box, Index, Numbers, Read, UnusualFileError, boxes_in, only

_LONG_HEAD = 16

_ROOM_LEFT = 16 << 20
"""Bytes of the disk that are not used up for a second copy."""


def in_fragments(path: Path) -> bool:
    """MP4 and MOV play without a trailer only where they are written in fragments."""
    return path.suffix.lower() in (".mp4", ".mov")


def cut_to_whole_fragments(path: Path) -> None:
    """Cut off what a killed run, or one on a full disk, began to write of a next fragment. Raises OSError."""
    with path.open("rb+") as file:
        whole = 0
        with contextlib.suppress(UnusualFileError):
            for box in boxes_in(_reader(file), 0, file.seek(0, os.SEEK_END)):
                # The samples follow their head, and a head alone is worse than none.
                whole = whole if box.kind == b"moof" else box.end
        file.truncate(whole)


def set_right(path: Path) -> None:
    """Let every track last until its last picture has been shown, and leave out tracks in which nothing is.

    Raises OSError, UnusualFileError.
    """
    with path.open("rb+") as file:
        place = only(b"moov", _boxes_of(file))
        index = Index(_reader(file)(place.begin, place.end))
        before = bytes(index.data)
        for track in index.tracks():
            tables = index.inside(track, b"mdia", b"minf", b"stbl")
            if b"ctts" in tables and b"edts" in index.inside(track):
                _set_duration_right(index, track, tables)
            if index.number(_at(tables[b"stsz"].content, 8, 4)) == 0:
                index.data[track.begin + 4 : track.content] = b"free"
        if index.data != before:
            file.seek(place.begin)
            file.write(index.data)


def has_room_for_copy(path: Path) -> bool:
    """The disk of a file has room for it once more, and for others besides. Raises OSError."""
    return shutil.disk_usage(path.parent).free >= path.stat().st_size + _ROOM_LEFT


def put_index_first(path: Path) -> bool:
    """Rewrite a finished file with its index first, under its own name; returns whether that was done.

    What lies between the samples, the heads of the fragments, is left out. Where the disk has no room for a second
    copy, or anything fails, the file stays as it is: it is whole.
    """
    try:
        if not has_room_for_copy(path):
            return False
        draft = Draft(path)
        try:
            with path.open("rb") as old, draft.path.open("rb+") as new:
                _rewrite(old, new)
            draft.land()
        finally:
            draft.discard()
    except (OSError, ValueError, UnusualFileError):
        return False
    return True


def _set_duration_right(index: Index, track: Box, tables: dict[bytes, Box]) -> None:
    head, media = index.inside(track), index.inside(track, b"mdia")
    counts, lengths = index.rows(tables[b"stts"], 2).T
    shown_after = np.repeat(*index.rows(tables[b"ctts"], 2, ">i4").T[::-1])
    lengths = np.repeat(lengths, counts)
    shown = np.cumsum(lengths) - lengths + shown_after
    edits = index.inside(track, b"edts")[b"elst"]
    # Of edits only the last plays something; one before it waits.
    field, begin = _last_edit(index, edits)
    timescale, media_field = _timescale_and_duration(index, media[b"mdhd"])
    movie_timescale, movie_field = _timescale_and_duration(index, index.inside(None)[b"mvhd"])
    duration = int(shown.max() + lengths[-1]) - begin
    index.set_number(media_field, duration)
    in_movie = -(-duration * movie_timescale // timescale)
    longer = in_movie - index.number(field)
    index.set_number(field, in_movie)
    track_field = _at(head[b"tkhd"].content, *((28, 8) if index.long(head[b"tkhd"]) else (20, 4)))
    index.set_number(track_field, index.number(track_field) + longer)
    index.set_number(movie_field, max(index.number(movie_field), index.number(track_field)))


def _last_edit(index: Index, edits: Box) -> tuple[slice, int]:
    """The place of its duration, and the time in its track where it begins."""
    size, width = (20, 8) if index.long(edits) else (12, 4)
    at = edits.end - size
    return _at(at, 0, width), index.number(_at(at, width, width))


def _timescale_and_duration(index: Index, box: Box) -> tuple[int, slice]:
    long = index.long(box)
    timescale = index.number(_at(box.content, 20 if long else 12, 4))
    return timescale, _at(box.content, *((24, 8) if long else (16, 4)))


def _at(begin: int, offset: int, width: int) -> slice:
    return slice(begin + offset, begin + offset + width)


def _rewrite(old: BinaryIO, new: BinaryIO) -> None:
    read, boxes = _reader(old), _boxes_of(old)
    brand, place = only(b"ftyp", boxes), only(b"moov", boxes)
    index = Index(read(place.begin, place.end))
    tables = [index.inside(track, b"mdia", b"minf", b"stbl") for track in index.tracks()]
    places = [(table[b"co64"], ">u8") if b"co64" in table else (table[b"stco"], ">u4") for table in tables]
    begins = [index.rows(box, 1, stored_as)[:, 0] for box, stored_as in places]
    sizes = [_chunk_sizes(index, *pair) for pair in zip(tables, begins, strict=True)]
    every_begin, every_size = np.concatenate(begins), np.concatenate(sizes)
    in_order = np.argsort(every_begin, kind="stable")
    ordered = every_size[in_order]
    head = _media_head(int(ordered.sum()))
    moved = np.empty_like(every_begin)
    moved[in_order] = brand.end - brand.begin + len(index.data) + len(head) + np.cumsum(ordered) - ordered
    for box_and_form, own in zip(places, np.split(moved, np.cumsum([len(each) for each in begins])[:-1]), strict=True):
        index.set_rows(box_and_form[0], own, box_and_form[1])
    new.write(read(brand.begin, brand.end))
    at = new.tell()
    # No index yet by its letters: what is left of a run that is killed here shall not look like a second video.
    new.write(index.data[:4] + b"free" + index.data[HEAD:] + head)
    for begin, size in zip(every_begin[in_order].tolist(), ordered.tolist(), strict=True):
        new.write(read(begin, begin + size))
    new.seek(at + 4)
    new.write(b"moov")


def _chunk_sizes(index: Index, tables: dict[bytes, Box], begins: Numbers) -> Numbers:
    # Of each row: the first chunk, counted from 1, and how many samples are in each from there on.
    rows = index.rows(tables[b"stsc"], 3)
    per_chunk = np.repeat(rows[:, 1], np.diff(np.append(rows[:, 0], len(begins) + 1)))
    sizes = tables[b"stsz"]
    common_size, count = index.number(_at(sizes.content, 4, 4)), index.number(_at(sizes.content, 8, 4))
    if count != per_chunk.sum():
        raise UnusualFileError
    if common_size:
        return np.asarray(per_chunk * common_size, np.int64)
    # Version, flags and the common size come before the count, four bytes more than in other tables.
    ends = np.append(0, np.cumsum(index.rows(sizes, 1)[1:, 0]))[np.append(0, np.cumsum(per_chunk))]
    return np.asarray(np.diff(ends), np.int64)


def _media_head(size: int) -> bytes:
    if size + HEAD < 1 << 32:
        return (size + HEAD).to_bytes(4, "big") + b"mdat"
    return (1).to_bytes(4, "big") + b"mdat" + (size + _LONG_HEAD).to_bytes(8, "big")


def _boxes_of(file: BinaryIO) -> list[Box]:
    return list(boxes_in(_reader(file), 0, file.seek(0, os.SEEK_END)))


def _reader(file: BinaryIO) -> Read:
    def read(begin: int, end: int) -> bytes:
        file.seek(begin)
        return file.read(end - begin)

    return read

"""Painted pictures that are there already, put packet by packet into one file with what goes along with them.

They come in parts, or in a file that was written in fragments, which cannot hold all kinds of sound and subtitles.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import av.error
from av.packet import Packet
from av.video.stream import VideoStream

from deeplab_cv.errors import SinkError
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.machine.files import Draft
from deeplab_cv.sinks.accompaniment import Accompaniment
from deeplab_cv.sinks.index import has_room_for_copy, in_fragments, put_index_first
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.muxing import Muxer
from deeplab_cv.sinks.sink import Written


def join_parts(path: Path, parts: Sequence[Path], source_info: SourceInfo, progress: Callable[[], None]) -> Written:
    """Write one video of the pictures of several and of the sound of the source.

    Args:
        path: the file.
        parts: videos that VideoSink wrote of one part each, in order, of the same extension; without sound.
        source_info: of the source, whose timestamps the parts have kept.
        progress: called after each packet.

    Raises:
        SinkError: the file cannot be written, or not every picture would be in it.
    """
    draft = Draft(path)
    try:
        accompaniment = Accompaniment(source_info, source_info.time_base, at_once=True)
        frames, note = _joined(draft.path, parts, accompaniment, source_info.time_base, progress=progress)
        draft.land()
        if in_fragments(path):
            put_index_first(draft.place)
    except (av.error.FFmpegError, OSError) as error:
        draft.discard()
        raise cannot_write(path, error) from error
    except BaseException:
        draft.discard()
        raise
    return Written(path, frames, note)


def with_all_tracks(
    pictures: Path,
    place: Path,
    source_info: SourceInfo,
    time_base: Fraction,
    *,
    from_s: Fraction | None,
    end_pts: int | None,
) -> tuple[Draft, str]:
    """A video with the pictures of another and with all that goes along with them, and what became of the sound.

    Args:
        pictures: the video, finished, without what its fragments cannot hold.
        place: where the file shall be.
        source_info: where its pictures come from.
        time_base: the unit of the pictures' times.
        from_s: see `Accompaniment`.
        end_pts: when the pictures end and the sound with them; None for all of it.

    Raises:
        av.error.FFmpegError, OSError, SinkError: it cannot be written; nothing is left of it.
    """
    if not has_room_for_copy(pictures):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    draft = Draft(place)
    try:
        accompaniment = Accompaniment(source_info, time_base, from_s=from_s, at_once=True)
        _, note = _joined(draft.path, [pictures], accompaniment, time_base, end_pts=end_pts)
    except BaseException:
        draft.discard()
        raise
    return draft, note


def _joined(
    file: Path,
    parts: Sequence[Path],
    accompaniment: Accompaniment,
    time_base: Fraction,
    *,
    end_pts: int | None = None,
    progress: Callable[[], None] | None = None,
) -> tuple[int, str]:
    decoded_at = iter(_decoding_times(parts))
    frames, last_pts = 0, 0
    with av.open(f"file:{parts[0]}") as first:
        template = first.streams.video[0]
        muxer = Muxer(file, time_base)
        try:
            pictures = muxer.container.add_stream_from_template(template, opaque=True)
            pictures.time_base = time_base
            accompaniment.begin(muxer, pictures, file.suffix)
            for packet in _packets(parts):
                if not _alike(packet.stream, template):
                    raise SinkError("the parts of the video have several sizes", file, "please report this")
                assert packet.pts is not None
                packet.dts = next(decoded_at)
                last_pts = max(last_pts, round(packet.pts * packet.time_base / time_base))
                packet.stream = pictures
                muxer.write(packet)
                accompaniment.copy(last_pts)
                frames += 1
                if progress is not None:
                    progress()
            accompaniment.copy(end_pts)
            muxer.write_rest()
        finally:
            accompaniment.close()
            muxer.close()
    return frames, accompaniment.note


def _decoding_times(parts: Sequence[Path]) -> list[int]:
    """When each packet is to be decoded: at the time of some picture before it, and no later than it is shown.

    Each part has times of its own from its first picture backwards, which would run into those of the part before.
    """
    times, held_back = [], 0
    for part in parts:
        shown = [packet.pts or 0 for packet in _packets([part])]
        in_order = sorted(shown)
        place = {time: number for number, time in enumerate(in_order)}
        held_back = max([held_back, *(number - place[time] for number, time in enumerate(shown))])
        times += in_order
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise SinkError("the parts of the video run into each other", parts[0], "please report this")
    gap = times[1] - times[0] if len(times) > 1 else 1
    before = [times[0] - gap * number for number in range(held_back, 0, -1)]
    return [*before, *times][: len(times)]


def _alike(stream: VideoStream, other: VideoStream) -> bool:
    one, two = stream.codec_context, other.codec_context
    return (one.width, one.height, one.extradata) == (two.width, two.height, two.extradata)


def _packets(parts: Sequence[Path]) -> Iterator[Packet[VideoStream]]:
    for part in parts:
        with av.open(f"file:{part}") as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.size:
                    yield packet

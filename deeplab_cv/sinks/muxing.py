"""The container of a video file, written so that what has reached the disk plays, wherever it breaks off."""

from __future__ import annotations

import contextlib
import errno
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import av.error
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from deeplab_cv.sinks.boxes import UnusualFileError
from deeplab_cv.sinks.index import in_fragments, set_right
from deeplab_cv.sinks.outlet import Outlet

_FRAGMENTS = "+hybrid_fragmented+frag_every_frame"
"""A fragment for each packet; the trailer makes an ordinary file of them all."""

_CLUSTER_MS = 500
"""What Matroska and WebM gather before they write it."""

_LONGEST = 1 << 30
"""Units of time; FFmpeg allows a packet twice that."""

LONGEST_STEP_S = 1800
"""From one picture of a live source to the next in one MP4: FFmpeg refuses 2**31 units, 2147 s in microseconds."""

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EPIPE}
"""What is no fault of a packet but of the place that it is written to."""

AnyPacket: TypeAlias = "Packet[VideoStream] | Packet[Stream]"


class Muxer:
    """Takes the packets of every stream, and brings each to the system at once.

    Attributes:
        container: PyAV's, to add streams to before the first packet.
        in_fragments: it is an MP4 or a MOV.
    """

    def __init__(self, path: Path, time_base: Fraction, *, outlet: Outlet | None = None) -> None:
        """Open the file, or write Matroska into a pipe in its place.

        Args:
            path: the file; its extension decides the container.
            time_base: that of its pictures.
            outlet: the pipe, which cannot be sought in.

        Raises:
            av.error.FFmpegError, OSError: it cannot be opened.
        """
        self._path = path
        self.in_fragments = in_fragments(path)
        self._waiting: dict[int, AnyPacket] = {}
        self._written = False
        kind = None if outlet is None else "matroska"
        # FFmpeg itself would wait for a pipe's reader without an end, and every thread with it.
        place = f"file:{path}" if outlet is None else outlet
        self.container = av.open(place, "w", format=kind, container_options=_options(path, time_base))

    def write_head_at_once(self) -> None:
        """Write pictures as they come though a sound may begin late, or never; to be called before the first packet.

        Otherwise the head of MP4 and MOV waits for a packet of each stream, since it tells when each begins, and all
        else waits for the head. Written at once it cannot tell, so that what is left of a killed run has its sound some
        frames early or late; a finished file has not.
        """
        if self.in_fragments:
            self.container.container_options["movflags"] = f"{_FRAGMENTS}+empty_moov"

    def write_head_last(self) -> None:
        """Write MP4 and MOV without fragments: nothing plays before the end. To be called before the first packet."""
        if self.in_fragments:
            self.container.container_options["movflags"] = "0"

    def write(self, packet: AnyPacket) -> None:
        """Write a packet, in fragments once the next of its stream is there. Raises av.error.FFmpegError, OSError."""
        # A subtitle lasts as long as it says.
        if not self.in_fragments or packet.stream.type == "subtitle":
            self._mux(packet)
            return
        index = packet.stream.index
        before = self._waiting.pop(index, None)
        if before is not None:
            # A fragment ends with its last packet, and the next is taken to begin there, whatever its time says.
            lasts = (packet.dts or 0) - (before.dts or 0)
            before.duration = lasts if 0 < lasts < _LONGEST else before.duration
            self._mux(before)
        self._waiting[index] = packet

    def write_rest(self) -> None:
        """Write the packets that wait for a next one, but for a sound's that is refused. Raises as `write` does."""
        for packet in self._waiting.values():
            try:
                self._mux(packet)
            except av.error.FFmpegError as error:
                if error.errno in DISK_ERRORS or isinstance(packet.stream, VideoStream):
                    raise
        self._waiting.clear()

    def close(self) -> None:
        """Write the trailer. Raises av.error.FFmpegError, OSError."""
        self.container.close()
        if self.in_fragments and self._written:
            # A file that is built otherwise plays; its last pictures may not be shown.
            with contextlib.suppress(UnusualFileError):
                set_right(self._path)

    def _mux(self, packet: AnyPacket) -> None:
        self.container.mux(packet)
        self._written = True


def _options(path: Path, time_base: Fraction) -> dict[str, str]:
    options = {"flush_packets": "1"}
    if not in_fragments(path):
        return options | {"cluster_time_limit": str(_CLUSTER_MS)}
    # A late start is told in this unit; FFmpeg's own, the millisecond, would round it.
    timescale = time_base.denominator
    while timescale < 1000:
        timescale *= 2
    return options | {
        "movflags": f"{_FRAGMENTS}+delay_moov",
        "movie_timescale": str(timescale),
        "use_editlist": "1",
        # More than nothing: FFmpeg mistakes the times of a track that ends a fragment without being in it.
        "min_frag_duration": "1",
    }

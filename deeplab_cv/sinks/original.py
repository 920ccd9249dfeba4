"""What a painted video takes over from its source file: the sound, and what its colours mean."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.error
from av.format import Flags
from av.packet import Packet
from av.stream import Discard, Stream

from deeplab_cv.sinks.encoding import BT709

_log = logging.getLogger(__name__)

_UNSPECIFIED = (0, 2)
_MICROSECOND = Fraction(1, 1_000_000)


class Original:
    """The source's file, opened a second time; its sound is read as the pictures are written, never all at once."""

    def __init__(self, path: Path) -> None:
        """Raises av.error.FFmpegError where the file cannot be opened."""
        self._container = av.open(str(path))
        for stream in self._container.streams:
            if stream.type != "audio":
                # The pictures are read elsewhere; here they would only be carried past.
                stream.discard = Discard.all
        self._copies: dict[int, Stream] = {}
        self._packets: Iterator[Packet[Stream]] = iter(())
        self._waiting: Packet[Stream] | None = None

    @property
    def clock_start(self) -> Fraction:
        """The time in seconds that is zero in the output.

        0 in most files, whose timestamps are kept; MPEG streams count from an arbitrary hour, so theirs begins where
        they do.
        """
        if Flags(self._container.format.flags) & Flags.ts_discont:
            return (self._container.start_time or 0) * _MICROSECOND
        return Fraction(0)

    @property
    def colour_meaning(self) -> tuple[int, int]:
        """Primaries and transfer in FFmpeg's numbers; BT.709 where the file says nothing.

        Frames keep both on their way through BGR; only the matrix between YUV and BGR is undone and done again.
        """
        context = self._container.streams.video[0].codec_context
        primaries, transfer = int(context.color_primaries), int(context.color_trc)
        return (
            BT709 if primaries in _UNSPECIFIED else primaries,
            BT709 if transfer in _UNSPECIFIED else transfer,
        )

    def add_sound(self, output: av.container.OutputContainer, suffix: str) -> list[str]:
        """Give the output a stream for each sound of this file; returns why sounds are left out, one line each."""
        left_out = []
        for stream in self._container.streams:
            if stream.type != "audio":
                continue
            try:
                copy = output.add_stream_from_template(stream, opaque=True)
            except ValueError:
                name = stream.codec_context.name if stream.codec_context else "unknown"
                left_out.append(f"{suffix} cannot hold its {name} sound, .mkv can")
                continue
            copy.metadata.update(stream.metadata)
            copy.disposition = stream.disposition
            self._copies[stream.index] = copy
        return left_out

    @property
    def copies_sound(self) -> bool:
        """The output has got a stream for at least one sound."""
        return bool(self._copies)

    def start_sound(self, from_s: Fraction | None) -> None:
        """Make ready to read sound from a time in seconds on, or all of it."""
        if from_s is not None:
            self._container.seek(int(from_s / _MICROSECOND))
        if self._copies:
            self._packets = self._container.demux([self._container.streams[index] for index in self._copies])
            self._advance()
        while from_s is not None and self._waiting is not None and _time_s(self._waiting) < from_s:
            self._advance()

    def sound_until(self, until_s: Fraction | None, clock_start: Fraction) -> Iterator[Packet[Stream]]:
        """The next packets that begin before a time in seconds, or all, for the output's streams and its clock."""
        while self._waiting is not None and (until_s is None or _time_s(self._waiting) < until_s):
            packet = self._waiting
            self._advance()
            shift = round(clock_start / packet.time_base)
            packet.stream = self._copies[packet.stream_index]
            packet.dts = packet.dts - shift if packet.dts is not None else None
            packet.pts = packet.pts - shift if packet.pts is not None else None
            yield packet

    def close(self) -> None:
        """Let go of the file."""
        self._packets = iter(())
        self._container.close()

    def _advance(self) -> None:
        try:
            # The last packet of each stream is empty and only tells its end.
            self._waiting = next((packet for packet in self._packets if packet.dts is not None), None)
        except av.error.FFmpegError as error:
            _log.warning("%s: its sound ends early: %s", self._container.name, error)
            self._waiting = None


def _time_s(packet: Packet[Stream]) -> Fraction:
    return (packet.pts if packet.pts is not None else packet.dts or 0) * packet.time_base

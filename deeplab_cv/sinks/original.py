"""What a painted video takes over from its source file: sound, subtitles, tags, and what its colours mean."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.error
from av.bitstream import BitStreamFilterContext
from av.format import Flags
from av.packet import Packet
from av.stream import Discard, Stream

from deeplab_cv.errors import as_typed
from deeplab_cv.sinks.encoding import BT709
from deeplab_cv.sources.decoding import JOINED_S, picture_stream
from deeplab_cv.sources.standard_input import open_media

_log = logging.getLogger(__name__)

_UNSPECIFIED = (0, 2)
_NOT_IN_FRAGMENTS = ("truehd", "mov_text")
_TOLD_BY_PACKETS = ("ac3", "eac3")
"""What the head of an MP4 says of these sounds FFmpeg takes from their packets."""

_MICROSECOND = Fraction(1, 1_000_000)

_COPIED = {"audio": "sound", "subtitle": "subtitles"}
"""The kinds of streams that are copied, FFmpeg's word and the user's."""

_CAN_HOLD = {"mov_text": ".mp4"}
"""What holds codecs that Matroska, which holds most, does not."""

_KEPT_TAGS = (
    "title",
    "artist",
    "album",
    "comment",
    "description",
    "copyright",
    "genre",
    "language",
    "date",
    "year",
    "creation_time",
    "com.apple.quicktime.creationdate",
)
"""What a file says of itself that holds for its painted copy too; where it was taken is nobody's business there."""


class Original:
    """The source's file, opened a second time; its sound and its subtitles are read as the pictures are written."""

    def __init__(self, path: Path) -> None:
        """Raises av.error.FFmpegError where the file cannot be opened."""
        self._path = path
        self._container = open_media(path)
        for stream in self._container.streams:
            if stream.type not in _COPIED:
                # The pictures are read elsewhere; here they would only be carried past.
                stream.discard = Discard.all
        self._copies: dict[int, Stream] = {}
        self._filters: dict[int, BitStreamFilterContext] = {}
        self._clocks: dict[int, _RisingClock] = {}
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
        context = picture_stream(self._container, self._path).codec_context
        primaries, transfer = int(context.color_primaries), int(context.color_trc)
        return (
            BT709 if primaries in _UNSPECIFIED else primaries,
            BT709 if transfer in _UNSPECIFIED else transfer,
        )

    def tag(self, output: av.container.OutputContainer, pictures: Stream) -> None:
        """Give the output and its pictures the title, date and language of this file and its pictures."""
        output.metadata.update(_kept_tags(self._container.metadata))
        pictures.metadata.update(_kept_tags(picture_stream(self._container, self._path).metadata))

    def add_streams(self, output: av.container.OutputContainer, suffix: str) -> list[str]:
        """Give the output a stream for each sound and each subtitles of this file; returns what becomes of them.

        What is left out is told in the log as well: after an hour of encoding it would be late.
        """
        kept, left_out = set(), []
        for stream in self._container.streams:
            if stream.type not in _COPIED:
                continue
            word, codec = _COPIED[stream.type], stream.codec_context.name if stream.codec_context else "unknown"
            if not _holds(output.format.name, stream):
                can = _other_container(codec, suffix)
                left_out.append(f"{word} left out: {suffix} cannot hold its {codec} {word}{can}")
                continue
            copy = output.add_stream_from_template(stream, opaque=True)
            copy.metadata.update(stream.metadata)
            copy.disposition = stream.disposition
            self._copies[stream.index] = copy
            if _from_broadcast(stream) and output.format.name in ("mp4", "mov"):
                # FFmpeg itself takes the head off each packet, though not where it writes fragments.
                self._filters[stream.index] = BitStreamFilterContext("aac_adtstoasc", stream)
            self._clocks[stream.index] = _RisingClock(at_once=stream.type == "subtitle")
            kept.add(word)
        for line in left_out:
            _log.warning("%s: %s", as_typed(self._path.name), line)
        return [*(f"{word} copied" for word in _COPIED.values() if word in kept), *left_out]

    def sounds_are_known_by(self, time_s: Fraction) -> bool:
        """Every sound that is copied has begun by a time in seconds and goes on; False where nobody can say."""
        if self._waiting is None or _time_s(self._waiting) > time_s:
            return not self._copies
        streams = [self._container.streams[index] for index in self._copies]
        return len(streams) == 1 or all(_spans(stream, time_s) for stream in streams)

    @property
    def fits_fragments(self) -> bool:
        """Fragments of MP4 can hold what is copied; subtitles crash FFmpeg there."""
        return all(codec and codec not in _NOT_IN_FRAGMENTS for codec in self._codecs)

    @property
    def head_waits_for_sound(self) -> bool:
        """The head of an MP4 cannot be written before the first packets of what is copied."""
        return any(codec in _TOLD_BY_PACKETS for codec in self._codecs)

    def leave_out(self, packet: Packet[Stream], reason: str) -> None:
        """Copy no more of the stream that a packet of `sound_until` belongs to, since the output refused it."""
        for index, copy in list(self._copies.items()):
            if copy is packet.stream:
                del self._copies[index]
        if self._waiting is not None and self._waiting.stream_index not in self._copies:
            self._advance()
        kind = _COPIED[packet.stream.type]
        _log.warning("%s: the rest of the %s is left out: %s", as_typed(self._path.name), kind, reason)

    def start_sound(self, from_s: Fraction | None) -> None:
        """Make ready to read sound from a time in seconds on, or all of it."""
        if from_s is not None:
            # What cannot be sought is read from its beginning.
            with contextlib.suppress(av.error.FFmpegError):
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
            copy = self._copies[packet.stream_index]
            for whole in self._filtered(packet):
                whole.stream = copy
                whole.dts = whole.dts - shift if whole.dts is not None else None
                whole.pts = whole.pts - shift if whole.pts is not None else None
                yield whole

    def close(self) -> None:
        """Let go of the file."""
        self._packets = iter(())
        self._container.close()

    @property
    def _codecs(self) -> list[str]:
        contexts = [self._container.streams[index].codec_context for index in self._copies]
        return [context.name if context else "" for context in contexts]

    def _filtered(self, packet: Packet[Stream]) -> list[Packet[Stream]]:
        """The packet in the form that the output takes; nothing for a damaged one."""
        wanted = self._filters.get(packet.stream_index)
        if wanted is None:
            return [packet]
        try:
            return list(wanted.filter(packet))
        except av.error.FFmpegError:
            return []

    def _advance(self) -> None:
        try:
            self._waiting = next((packet for packet in self._packets if self._can_follow(packet)), None)
        except av.error.FFmpegError as error:
            _log.warning("%s: its sound ends early: %s", as_typed(self._path.name), error)
            self._waiting = None

    def _can_follow(self, packet: Packet[Stream]) -> bool:
        """The packet has something in it, of a sound that is copied, and its time is after that of the one before."""
        # The last packet of each stream is empty and only tells its end.
        if packet.dts is None or packet.size == 0 or packet.stream_index not in self._copies:
            return False
        return self._clocks[packet.stream_index].sets(packet)


class _RisingClock:
    """The times of one stream: no container takes a packet that begins before the one in front of it."""

    def __init__(self, *, at_once: bool) -> None:
        """No packet has come yet.

        Args:
            at_once: two packets may begin at the same time, as subtitles do.
        """
        self._at_once = at_once
        self._shift = 0
        self._last_dts: int | None = None
        self._end = 0

    def sets(self, packet: Packet[Stream]) -> bool:
        """Give the packet a time after the last one; False for a packet whose time has gone by.

        Far back is another recording joined on, which begins where the one before ends, as its pictures do.
        """
        assert packet.dts is not None
        dts = packet.dts + self._shift
        if self._last_dts is not None and dts <= self._last_dts:
            if (self._last_dts - dts) * packet.time_base >= JOINED_S:
                self._shift += self._end - dts
                dts = self._end
            elif self._at_once:
                dts = self._last_dts
            else:
                return False
        # Some files have a packet shown before it is decoded, which is no sound's case.
        pts = packet.pts + self._shift if packet.pts is not None else dts
        packet.dts, packet.pts = dts, max(dts, pts)
        self._last_dts, self._end = dts, dts + max(1, packet.duration or 0)
        return True


def _holds(container: str, stream: Stream) -> bool:
    """A container of this kind, FFmpeg's word, begins with the stream in it: what it says it holds is not all true."""
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (ValueError, av.error.FFmpegError):
        return False
    return True


def _other_container(codec: str, suffix: str) -> str:
    other = _CAN_HOLD.get(codec, ".mkv")
    return "" if other == suffix.lower() else f", {other} can"


def _kept_tags(tags: Mapping[str, str]) -> dict[str, str]:
    kept = {name.lower(): value for name, value in tags.items() if name.lower() in _KEPT_TAGS}
    return {name: value for name, value in kept.items() if value and (name, value) != ("language", "und")}


def _time_s(packet: Packet[Stream]) -> Fraction:
    return (packet.pts if packet.pts is not None else packet.dts or 0) * packet.time_base


def _from_broadcast(stream: Stream) -> bool:
    """AAC as broadcasts have it: each packet says what it is, and nothing else does."""
    context = stream.codec_context
    return context is not None and context.name == "aac" and not context.extradata


def _spans(stream: Stream, time_s: Fraction) -> bool:
    if stream.start_time is None or stream.duration is None or stream.time_base is None:
        return False
    begin_s = stream.start_time * stream.time_base
    return begin_s <= time_s < begin_s + stream.duration * stream.time_base

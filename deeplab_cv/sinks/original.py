"""What a painted video takes over from its source file: sound, subtitles, tags, and what its colours mean."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator, Mapping, Sequence
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
from deeplab_cv.sinks.clocks import Recordings, RisingClock
from deeplab_cv.sinks.encoding import BT709
from deeplab_cv.sources.decoding import picture_stream
from deeplab_cv.sources.standard_input import open_media

_log = logging.getLogger(__name__)

_UNSPECIFIED = (0, 2)
_NOT_IN_FRAGMENTS = ("truehd", "mov_text")
"""What FFmpeg cannot write in fragments of MP4: subtitles crash it there."""

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
        self._pictures = picture_stream(self._container, path) if self._may_be_joined else None
        for stream in self._container.streams:
            if stream.type not in _COPIED and stream is not self._pictures:
                # The pictures are read elsewhere; here they would only be carried past.
                stream.discard = Discard.all
        self._chosen: dict[int, Stream] = {}
        self._copies: dict[int, Stream] = {}
        self._filters: dict[int, BitStreamFilterContext] = {}
        self._clocks: dict[int, RisingClock] = {}
        self._packets: Iterator[Packet[Stream]] = iter(())
        self._waiting: Packet[Stream] | None = None

    @property
    def clock_start(self) -> Fraction:
        """The time in seconds that is zero in the output.

        0 in most files, whose timestamps are kept; MPEG streams count from an arbitrary hour, so theirs begins where
        they do.
        """
        if self._may_be_joined:
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

    def choose_streams(self, container: str, suffix: str, *, tell: bool) -> list[str]:
        """Take each sound and each subtitles that a container holds; returns what becomes of them.

        Args:
            container: FFmpeg's word for it.
            suffix: the user's word for it.
            tell: say in the log as well what is left out: after an hour of encoding it would be late.
        """
        kept, left_out = set(), []
        for stream in self._container.streams:
            if stream.type not in _COPIED:
                continue
            word, codec = _COPIED[stream.type], _codec_of(stream) or "unknown"
            if not _holds(container, stream):
                can = _other_container(codec, suffix)
                left_out.append(f"{word} left out: {suffix} cannot hold its {codec} {word}{can}")
                continue
            self._chosen[stream.index] = stream
            kept.add(word)
        for line in left_out if tell else ():
            _log.warning("%s: %s", as_typed(self._path.name), line)
        return [*(f"{word} copied" for word in _COPIED.values() if word in kept), *left_out]

    def sounds_are_known_by(self, time_s: Fraction) -> bool:
        """Every sound that is copied has begun by a time in seconds and goes on; False where nobody can say."""
        if self._waiting is None or _time_s(self._waiting) > time_s:
            return not self._chosen
        return len(self._chosen) == 1 or all(_spans(stream, time_s) for stream in self._chosen.values())

    def unfit_for_fragments(self, *, late: bool) -> list[int]:
        """The streams that fragments of MP4 cannot hold.

        Args:
            late: sound begins late, or nobody can say, and the head of the file does not wait for it.
        """
        unfit = (*_NOT_IN_FRAGMENTS, *_TOLD_BY_PACKETS) if late else _NOT_IN_FRAGMENTS
        return [index for index, stream in self._chosen.items() if _codec_of(stream) in ("", *unfit)]

    def set_aside(self, streams: Sequence[int]) -> str:
        """Do not copy these streams; returns of which kinds they are, in words."""
        kinds = {_COPIED[self._chosen.pop(index).type] for index in streams}
        self._pass_over()
        return " and ".join(sorted(kinds))

    def add_streams(self, output: av.container.OutputContainer) -> None:
        """Give the output a stream for each that is copied."""
        for index, stream in self._chosen.items():
            copy = output.add_stream_from_template(stream, opaque=True)
            copy.metadata.update(stream.metadata)
            copy.disposition = stream.disposition
            self._copies[index] = copy
            if _from_broadcast(stream) and output.format.name in ("mp4", "mov"):
                # FFmpeg itself takes the head off each packet, though not where it writes fragments.
                self._filters[index] = BitStreamFilterContext("aac_adtstoasc", stream)

    def leave_out(self, packet: Packet[Stream], reason: str) -> None:
        """Copy no more of the stream that a packet of `sound_until` belongs to, since the output refused it."""
        for index, copy in self._copies.items():
            if copy is packet.stream:
                self._chosen.pop(index, None)
        self._pass_over()
        kind = _COPIED[packet.stream.type]
        _log.warning("%s: the rest of the %s is left out: %s", as_typed(self._path.name), kind, reason)

    def start_sound(self, from_s: Fraction | None) -> None:
        """Make ready to read sound from a time in seconds on, or all of it."""
        if from_s is not None:
            # What cannot be sought is read from its beginning.
            with contextlib.suppress(av.error.FFmpegError):
                self._container.seek(int(from_s / _MICROSECOND))
        if self._chosen:
            pictures = [self._pictures] if self._pictures else []
            recordings = Recordings(self._container.demux([*self._chosen.values(), *pictures]), self._pictures)
            for index, stream in self._chosen.items():
                self._clocks[index] = RisingClock(recordings, at_once=stream.type == "subtitle")
            self._packets = iter(recordings)
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
    def _may_be_joined(self) -> bool:
        """It is of a kind that can be joined like texts, as MPEG streams are."""
        return bool(Flags(self._container.format.flags) & Flags.ts_discont)

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
        if packet.dts is None or packet.size == 0 or packet.stream_index not in self._chosen:
            return False
        return self._clocks[packet.stream_index].sets(packet)

    def _pass_over(self) -> None:
        """Wait for a packet of what is copied."""
        if self._waiting is not None and self._waiting.stream_index not in self._chosen:
            self._advance()


def _holds(container: str, stream: Stream) -> bool:
    """A container of this kind, FFmpeg's word, begins with the stream in it: what it says it holds is not all true."""
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (ValueError, av.error.FFmpegError):
        return False
    return True


def _codec_of(stream: Stream) -> str:
    """FFmpeg's word for it; empty for one that it does not know."""
    return stream.codec_context.name if stream.codec_context else ""


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

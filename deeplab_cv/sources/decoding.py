"""The frames of a video file in order of presentation, exactly cut, and an error where some are missing."""

import logging
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from deeplab_cv.errors import SourceError, as_typed
from deeplab_cv.sources.files import WebFile, cannot_read, check_input
from deeplab_cv.sources.interlacing import Deinterlacer
from deeplab_cv.sources.picture_header import read_header
from deeplab_cv.sources.standard_input import behind, open_media

_log = logging.getLogger(__name__)

INDEXED_CONTAINERS = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi")
"""Containers that tell how long the pictures last; others, like transport streams, may be cut at any point."""

_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders of these two leave out the transparency, which lies beside the pictures in the file."""

_SEEK_MARGINS_S = (0, 10, 100)
"""How much too early to seek, one after the other, in files without an index of key frames."""

JOINED_S = Fraction(3, 10)
"""How far back in seconds times step where one recording ends and another is joined on."""

TimedFrame = tuple[int, VideoFrame]


class VideoDecoder:
    """A video file's picture stream, opened.

    Attributes:
        place: the file, here or behind a URL.
        stream: its picture stream.
        has_tracks: it has sound or subtitles beside the pictures.
        time_base: the unit of timestamps, in seconds.
        frame_rate: frames a second; of a variable rate the one its timestamps are multiples of.
        first_pts: the timestamp at which a player begins to count.
    """

    def __init__(self, place: Path | WebFile) -> None:
        """Raises SourceError."""
        if isinstance(place, Path):
            if (arriving := behind(place)) is not None:
                arriving.wait_for(1)
            check_input(place)
        self.place = place
        self._damaged_at_pts: int | None = None
        self._begun = False
        self._open(place.opened if isinstance(place, WebFile) else _open_container(place))

    def _open(self, container: InputContainer) -> None:
        self._container = container
        try:
            self.stream = picture_stream(self._container, self.place)
            if any(stream.codec_context is None for stream in self._container.streams.video):
                _log.warning(
                    "%s: pictures of an unknown codec are passed over for its other ones", as_typed(self.place.name)
                )
            self._codec = _codec_of(self.stream, self.place)
        except SourceError:
            self._container.close()
            raise
        self.has_tracks = bool(self._container.streams.audio or self._container.streams.subtitles)
        self._codec.thread_type = "AUTO"
        for other in self._container.streams:
            if other is not self.stream:
                # Of a file that is cut off FFmpeg reads no more than what lies before the first gap in any stream.
                other.discard = Discard.all
        self.time_base = self.stream.time_base or Fraction(1, av.time_base)
        self.frame_rate = frame_rate_of(self.stream)
        self.first_pts = _first_pts(self._container, self.stream, self.time_base)
        self._told_end_pts = _told_end_pts(self.stream, self.time_base)
        self._tells_end = self._container.format.name in INDEXED_CONTAINERS

    @property
    def duration_s(self) -> Fraction | None:
        """How long the pictures last in seconds, as well as the file tells; None where it does not."""
        if self._told_end_pts is not None:
            return (self._told_end_pts - self.first_pts) * self.time_base
        if self._container.duration is not None:
            return Fraction(self._container.duration, av.time_base)
        return None

    @property
    def orientation(self) -> int:
        """How a photograph that is read as a video is to be turned, 1 to 8 as in EXIF; 1 for a video."""
        if not self._container.format.name.endswith("_pipe") or isinstance(self.place, WebFile):
            return 1
        header = read_header(self.place.read_bytes())
        return 1 if header is None else header.orientation

    def stop_waiting(self) -> None:
        """End a read that waits for more of standard input; from any thread."""
        if isinstance(self.place, Path) and (arriving := behind(self.place)) is not None:
            arriving.stop()

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def frames(self, *, start_pts: int | None = None, end_pts: int | None = None) -> Iterator[TimedFrame]:
        """The frames from `start_pts` up to but without `end_pts`, each with its timestamp; timestamps rise.

        A frame without a timestamp is given the one at which the frame before ends. Damaged places
        are passed over. Asked for again it begins at another place, and what was asked for before is over.

        Raises:
            SourceError: after the last frame that can be read, where the file is damaged or cut off.
        """
        seeks = self._begun or (start_pts is not None and start_pts > self.first_pts)
        self._begun = True
        begin_pts = self.first_pts if start_pts is None else start_pts
        for pts, frame in self._from(begin_pts) if seeks else self._timed(after_seek=False):
            if end_pts is not None and pts >= end_pts:
                break
            if start_pts is None or pts >= start_pts:
                yield pts, frame
        else:
            self._check_end()
        if self._damaged_at_pts is not None:
            seconds = float((self._damaged_at_pts - self.first_pts) * self.time_base)
            remedy = "copy or download it again; what can be read of it was read"
            raise SourceError(f"the video is damaged or cut off at {seconds:.2f} s", self.place, remedy)

    def _from(self, start_pts: int) -> Iterator[TimedFrame]:
        """Frames from a key frame at or before `start_pts`, or from the beginning where none can be sought."""
        for margin_s in _SEEK_MARGINS_S:
            try:
                self._container.seek(start_pts - round(margin_s / self.time_base), stream=self.stream)
                self._codec.flush_buffers()
            except av.error.FFmpegError:
                break
            found = self._timed(after_seek=True)
            first = next(found, None)
            # Raw streams can be sought by bytes, but nobody knows the time one lands at.
            if first is not None and first[1].pts is not None and first[0] <= start_pts:
                return chain([first], found)
        self.close()
        place = self.place
        self._open(place.open_again() if isinstance(place, WebFile) else _open_container(place))
        return self._timed(after_seek=False)

    def _timed(self, *, after_seek: bool) -> Iterator[TimedFrame]:
        self._damaged_at_pts = None
        self._read_to_pts = self.first_pts
        self._longest_gap = max(1, round(1 / self.frame_rate / self.time_base))
        frame_duration = self._longest_gap
        last_pts: int | None = None
        for frame in self._decoded(after_seek=after_seek):
            if last_pts is None and (after_seek or not self._tells_end):
                self._damaged_at_pts = None  # what lies before the first key frame cannot be decoded by anyone
            pts = self._read_to_pts if frame.pts is None else frame.pts
            if last_pts is not None and pts <= last_pts:
                # Twice the same time is a blemish; far back is another recording joined on.
                blemish = (last_pts - pts) * self.time_base < JOINED_S
                pts = last_pts + 1 if blemish else self._read_to_pts
            if last_pts is not None:
                self._longest_gap = max(self._longest_gap, pts - last_pts)
            last_pts, self._read_to_pts = pts, pts + (frame.duration or frame_duration)
            yield pts, frame

    def _decoded(self, *, after_seek: bool) -> Iterator[VideoFrame]:
        deinterlacer = Deinterlacer(self.place.name)
        for packet in chain(self._packets(after_seek=after_seek), [None]):
            for frame in self._decode(packet):
                yield from deinterlacer.frames_of(frame)
        yield from deinterlacer.rest()

    def _decode(self, packet: "Packet[VideoStream] | None") -> list[VideoFrame]:
        try:
            return self._codec.decode(packet)
        except av.error.FFmpegError:
            self._note_damage()
            return []

    def _packets(self, *, after_seek: bool) -> "Iterator[Packet[VideoStream]]":
        """The stream's packets, after a seek from the first key frame on."""
        half: Packet[VideoStream] | None = None
        before_key = after_seek
        try:
            for packet in self._container.demux(self.stream):
                before_key = before_key and not packet.is_keyframe
                # An empty packet would tell the decoder that this is the end.
                if packet.size == 0 or before_key:
                    continue
                if half is not None:
                    yield half
                half = packet if packet.is_corrupt else None
                if half is None:
                    yield packet
        except av.error.FFmpegError:
            self._note_damage()
        if half is not None:
            # Half a packet at the end is no frame; PyAV would drop the frames that other threads still decode with it.
            self._note_damage(half.pts)

    def _note_damage(self, pts: int | None = None) -> None:
        if self._damaged_at_pts is None:
            self._damaged_at_pts = self._read_to_pts if pts is None else pts

    def _check_end(self) -> None:
        """See that the last frame came near the end that the file tells."""
        if not self._tells_end or self._told_end_pts is None:
            return
        # How long the last frame lasts is not always stored; in a file of variable rate it may last like any other.
        if self._told_end_pts - self._read_to_pts > 1.5 * self._longest_gap:
            self._note_damage()


def _open_container(path: Path) -> InputContainer:
    try:
        return open_media(path)
    except av.error.FFmpegError as error:
        if isinstance(error, OSError) and error.errno:
            raise cannot_read(path, error) from error
        if _beginning(path)[4:8] == b"ftyp":
            what = "the video is cut off before its index (moov)"
            raise SourceError(what, path, "copy or download it again, or record it again") from error
        raise SourceError(
            "this is not a video file", path, "give a video, such as .mp4, .mov, .mkv or .webm"
        ) from error


def frame_rate_of(stream: VideoStream) -> Fraction:
    """Frames a second; of a variable rate the one its timestamps are multiples of."""
    return stream.guessed_rate or stream.average_rate or Fraction(25)


def picture_stream(container: InputContainer, place: Path | WebFile) -> VideoStream:
    """The stream whose pictures are the video, not a cover. Raises SourceError where there is none to be decoded."""
    moving = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not moving:
        raise SourceError("the file has no moving pictures in it", place, "give a video file")
    decodable = [stream for stream in moving if stream.codec_context is not None]
    if not decodable:
        raise SourceError(
            "there is no decoder for this video", place, "convert it: ffmpeg -i IN -c:v libx264 -crf 16 OUT.mp4"
        )
    best = container.streams.best("video")
    return next((stream for stream in decodable if stream is best), decodable[0])


def _codec_of(stream: VideoStream, place: Path | WebFile) -> VideoCodecContext:
    """What decodes the stream. Raises SourceError for what FFmpeg opens and cannot decode."""
    context = stream.codec_context
    if context.name == "webp" and isinstance(place, Path) and b"ANIM" in _beginning(place):
        remedy = "convert it to .gif or .mp4; --image reads its first picture"
        raise SourceError("FFmpeg cannot decode animated WebP", place, remedy)
    library = _ALPHA_DECODERS.get(context.name)
    tags = {name.lower(): value for name, value in stream.metadata.items()}
    if library is None or tags.get("alpha_mode") != "1" or library not in av.codecs_available:
        return context
    with_alpha = av.CodecContext.create(library, "r")
    assert isinstance(with_alpha, VideoCodecContext)
    with_alpha.extradata = context.extradata
    return with_alpha


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)


def _first_pts(container: InputContainer, stream: VideoStream, time_base: Fraction) -> int:
    if container.start_time is not None:
        return round(Fraction(container.start_time, av.time_base) / time_base)
    return stream.start_time or 0


def _told_end_pts(stream: VideoStream, time_base: Fraction) -> int | None:
    if stream.duration is not None:
        return (stream.start_time or 0) + stream.duration
    # Matroska has the length of a track only in a tag, HH:MM:SS.nnnnnnnnn.
    tag = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if tag is None:
        return None
    hours, minutes, seconds = (Fraction(part) for part in tag.groups())
    return round((hours * 3600 + minutes * 60 + seconds) / time_base)

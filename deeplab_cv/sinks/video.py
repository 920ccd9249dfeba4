"""A video file, encoded through PyAV at the source's own timestamps, with the source's own sound."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from deeplab_cv.errors import SinkError, as_typed
from deeplab_cv.frames.frame import Painted, SourceInfo
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import Draft
from deeplab_cv.machine.scheduling import kept_scheduling
from deeplab_cv.sinks.accompaniment import Accompaniment
from deeplab_cv.sinks.contents import playable
from deeplab_cv.sinks.encoding import BT709, Encoding, YuvConverter, choose_encoding, even_size
from deeplab_cv.sinks.index import in_fragments, put_index_first
from deeplab_cv.sinks.joining import with_all_tracks
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.muxing import Muxer
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sinks.outlet import Outlet
from deeplab_cv.sinks.sink import Written, saying_what_is_kept
from deeplab_cv.sinks.sound_track import HeardTrack, keep_sound
from deeplab_cv.sinks.ten_bits import TEN_BITS, frame_of_ten_bits, tell_of_hdr
from deeplab_cv.sinks.transparency import say_checkerboard

_log = logging.getLogger(__name__)

AS_THE_EXTENSION_SAYS = OutputOptions()
"""The codec that the extension stands for, at its usual quality."""

_RATE_WHERE_UNKNOWN = Fraction(30)


class VideoSink:
    """Painted pictures as a video file; opened at the first picture, whose size decides the file's."""

    needs_picture = True

    def __init__(
        self,
        path: Path,
        source_info: SourceInfo,
        options: OutputOptions = AS_THE_EXTENSION_SAYS,
        *,
        whole: bool = True,
    ) -> None:
        """Nothing is written yet.

        Args:
            path: the file; its extension decides the container.
            source_info: where the frames come from; its file or its stream gives the sound.
            options: codec, crf and preset.
            whole: the whole source will come: its timestamps are kept and all its sound. Otherwise the file begins at
                zero with the first frame, and its sound ends with the last.

        Raises:
            UsageError: codec, crf, preset and extension do not fit together.
        """
        self._path = path
        self._draft: Draft | None = None
        self._source_info = source_info
        self._options = options
        self._encoding = choose_encoding(path, options)
        self._whole = whole
        self._file: VideoFile | None = None
        keep_sound(source_info)

    def write(self, painted: Painted) -> None:
        """Encode one picture. Raises SinkError where it cannot be written."""
        try:
            if self._file is None or self._draft is None:
                self._encoding = self._encoding_for(painted)
                self._draft = self._draft or Draft(self._path)
                self._file = VideoFile(self._draft.path, self._source_info, self._encoding, painted, whole=self._whole)
            self._file.write(painted)
            self._draft.keep_on_disk()
        except (OSError, av.error.FFmpegError) as error:
            raise cannot_write(self._path, error) from error

    def finish(self) -> Written:
        """Write the rest of the sound and the trailer, and give the file its name.

        Raises SinkError where that fails, or where the file does not hold every picture that was written; it says what
        is kept of it.
        """
        if self._file is None or self._draft is None:
            return Written(self._path, 0)
        try:
            self._file.close(whole=self._whole)
            self._file.check()
            self._draft = self._file.with_all_tracks(self._draft)
        except (av.error.FFmpegError, OSError, SinkError) as error:
            failed = error if isinstance(error, SinkError) else cannot_write(self._path, error)
            raise saying_what_is_kept(failed, self._keep()) from error
        try:
            self._draft.land()
        except OSError as error:
            # On Windows a player showing the older file holds its name; the work of hours is not lost for that.
            failed = SinkError("cannot give the video its name", self._path, str(error.strerror))
            raise saying_what_is_kept(failed, self._keep()) from error
        if in_fragments(self._path):
            put_index_first(self._draft.place)
        return Written(self._path, self._file.frames, self._file.sound_note)

    def abandon(self) -> Written | None:
        """Write the trailer, and name the file NAME.partial.EXT; without room for a trailer it plays as well."""
        return self._keep()

    def _encoding_for(self, first: Painted) -> Encoding:
        """The encoding that keeps what the first picture has: transparency, where a line says if not, and 10 bits."""
        if first.pixels.transparent is None:
            ten_bits = first.frame.pixels.deep is not None
            return choose_encoding(self._path, self._options, ten_bits=ten_bits)
        encoding = choose_encoding(self._path, self._options, transparent=True)
        if not encoding.transparent:
            say_checkerboard(self._path, "a .webm or a .mov is transparent")
        return encoding

    def _keep(self) -> Written | None:
        if self._draft is None:
            return None
        if self._file is not None:
            with contextlib.suppress(av.error.FFmpegError, OSError):
                self._file.close(whole=False)
            contents = None if self._file.complete else playable(self._draft.path)
            frames = self._file.frames if self._file.complete else contents.frames if contents else 0
            if frames and (kept := self._draft.keep()):
                return Written(kept, frames, self._file.sound_note, whole=False)
        self._draft.discard()
        return None


class VideoFile:
    """A container being written: pictures go through the encoder, sound beside them as it was.

    Attributes:
        frames: pictures that the encoder took.
        packets: what became of them.
        complete: it is closed and has its trailer.
    """

    def __init__(
        self,
        path: Path,
        source_info: SourceInfo,
        encoding: Encoding,
        first: Painted,
        *,
        whole: bool,
        outlet: Outlet | None = None,
    ) -> None:
        self.frames = self.packets = 0
        self.complete = self._closed = False
        self._ends_with_pictures = True
        self._source_info = source_info
        self._rate = source_info.frame_rate or _RATE_WHERE_UNKNOWN
        self._time_base = first.frame.time_base
        self._shortest_gap: int | None = None
        self._last_pts: int | None = None
        self._note = ""
        self._from_s = None if whole else first.frame.time_s
        self._accompaniment = Accompaniment(source_info, self._time_base, from_s=self._from_s)
        deep = first.frame.pixels.deep if encoding.pixel_format == TEN_BITS else None
        matrix = deep.matrix if deep else None
        self._converter = YuvConverter(even_size(first.pixels.size), pixel_format=encoding.pixel_format, matrix=matrix)
        self._muxer = Muxer(path, self._time_base, outlet=outlet)
        self._video = self._add_video(encoding)
        self._accompaniment.begin(self._muxer, self._video, path.suffix)
        self._heard = HeardTrack(source_info, self._muxer, path.suffix, first.frame.captured_at)

    @property
    def sound_note(self) -> str:
        """What became of the sound, in words."""
        copied = f"{self._accompaniment.note}{', not all of them' if self._accompaniment.set_aside else ''}"
        return self._note or self._heard.note or copied

    def write(self, painted: Painted) -> None:
        """Encode one picture and copy the sound up to its time."""
        pts = painted.frame.pts - self._accompaniment.zero_pts
        if self._last_pts is not None:
            # A source may give two frames one timestamp; a container cannot, and no frame may be lost.
            pts = max(pts, self._last_pts + 1)
            gap = pts - self._last_pts
            self._shortest_gap = min(gap, self._shortest_gap or gap)
        self._last_pts = pts
        is_deep = self._video.codec_context.pix_fmt == TEN_BITS
        frame = frame_of_ten_bits(painted, self._converter) if is_deep else self._converter.frame_of(painted.pixels)
        frame.pts, frame.time_base = pts, self._time_base
        # ProRes takes from each frame what its colours mean, other encoders once from the stream.
        context = self._video.codec_context
        frame.colorspace, frame.color_range = context.colorspace, context.color_range
        frame.color_primaries, frame.color_trc = context.color_primaries, context.color_trc
        self._mux(self._encoded(frame, painted.pixels.size))
        self._accompaniment.copy(pts)
        self._heard.write_until(painted.frame.captured_at)
        self.frames += 1

    def close(self, *, whole: bool) -> None:
        """Flush the encoder, copy the rest of the sound (all, or as far as pictures go) and write the trailer, once."""
        if self._closed:
            return
        self._closed = True
        self._ends_with_pictures = not whole
        try:
            if self.frames:  # an encoder that refused its first picture crashes PyAV 19 when it is flushed
                self._mux(self._video.encode(None))
                self._accompaniment.copy(self._end_pts)
                self._heard.finish()
            self._muxer.write_rest()
        finally:
            self._accompaniment.close()
            self._muxer.close()
        self.complete = True

    def with_all_tracks(self, draft: Draft) -> Draft:
        """The closed file, or one in its place with what fragments of MP4 cannot hold; a line says if that fails."""
        missing = self._accompaniment.set_aside
        if not missing:
            return draft
        try:
            finished, self._note = with_all_tracks(
                draft.path,
                draft.place,
                self._source_info,
                self._time_base,
                from_s=self._from_s,
                end_pts=self._end_pts,
            )
        except (av.error.FFmpegError, OSError, SinkError) as error:
            reason = getattr(error, "strerror", None) or error
            _log.warning("%s: %s left out: %s", as_typed(self._source_info.name), missing, reason)
            return draft
        draft.discard()
        return finished

    def check(self) -> None:
        """See that every picture became a packet. Raises SinkError."""
        if self.packets != self.frames:
            counts = f"{self.frames} frames became {self.packets} packets"
            raise SinkError("the encoder lost frames", self._source_info.name, f"{counts}; try another --codec")

    def _encoded(self, frame: VideoFrame, size: Size) -> Sequence[Packet[VideoStream]]:
        """The packets that the encoder has ready, once it has a picture of this size. Raises SinkError."""
        try:
            # The first one opens the encoder.
            with contextlib.nullcontext() if self.frames else kept_scheduling():
                return self._video.encode(frame)
        except av.error.FFmpegError as error:
            what = f"{self._video.codec_context.name} does not take this picture of {size}"
            remedy = "try another --codec, or --masks"
            raise SinkError(what, self._source_info.name, remedy, cause=error.strerror) from error

    @property
    def _end_pts(self) -> int | None:
        """When the pictures end, and the sound with them; None where all of it is copied."""
        return (self._last_pts or 0) + self._gap if self._ends_with_pictures else None

    @property
    def _gap(self) -> int:
        return self._shortest_gap or max(1, round(1 / (self._rate * self._time_base)))

    def _mux(self, packets: Sequence[Packet[VideoStream]]) -> None:
        for packet in packets:
            # Players use only the last packet's duration; decoders give none, so we take the shortest gap seen.
            packet.duration = self._gap
            if self._closed and self.frames == 1:
                # x265 leaves the decoding time of a single picture to chance.
                packet.pts = packet.dts = self._last_pts
            self._muxer.write(packet)
            self.packets += 1

    def _add_video(self, encoding: Encoding) -> VideoStream:
        # SVT-AV1 talks on stderr whatever FFmpeg's log level; this is its own switch: fatal errors only.
        os.environ.setdefault("SVT_LOG", "0")
        stream = self._muxer.container.add_stream(encoding.library, rate=self._rate, options=dict(encoding.options))
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        context.width, context.height = self._converter.size
        context.pix_fmt = encoding.pixel_format
        context.time_base = self._time_base
        context.thread_count = encoding.threads
        context.colorspace = self._converter.colorspace
        context.color_range = ColorRange.MPEG
        context.color_primaries, context.color_trc = BT709, BT709
        if encoding.tag:
            context.codec_tag = encoding.tag
        if meaning := self._accompaniment.colour_meaning:
            context.color_primaries, context.color_trc = meaning
            tell_of_hdr(self._source_info.name, int(context.color_trc), encoding.pixel_format)
        return stream

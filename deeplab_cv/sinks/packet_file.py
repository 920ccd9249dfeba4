"""A video file of pictures that are encoded already, with the source's own sound beside them."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path

import av.error
from av.packet import Packet

from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.sound import Samples
from deeplab_cv.machine.files import Draft
from deeplab_cv.sinks.accompaniment import Accompaniment
from deeplab_cv.sinks.contents import playable
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.live_encoding import TICKS_A_SECOND, LiveEncoder
from deeplab_cv.sinks.muxing import Muxer
from deeplab_cv.sinks.sink import Written
from deeplab_cv.sinks.sound_track import SoundTrack

_TICK = Fraction(1, TICKS_A_SECOND)

_USUAL_GAP = TICKS_A_SECOND // 30

_LOOKS_FOR_S = 2.0
"""What is left of a file of an hour is not read to its end only to count its pictures."""


class PacketFile:
    """Takes a live encoder's packets; plays wherever it breaks off, and is on the disk but for the last second.

    Attributes:
        frames: pictures that were written.
        last_s: how long the file lasts until its last picture.
    """

    def __init__(
        self, path: Path, encoder: LiveEncoder, source_info: SourceInfo, from_s: float, *, sounds: bool = False
    ) -> None:
        """Begin the file; it has its name at the end.

        Args:
            path: an MP4.
            encoder: what makes the packets.
            source_info: where the pictures come from; its file gives the sound.
            from_s: the first picture's time, which is zero in the file.
            sounds: a live source's sound will be written.

        Raises:
            SinkError: it cannot be written.
        """
        self.frames = 0
        self.last_s = 0.0
        self._path = path
        self._from_s = from_s
        self._last_pts = -1
        self._gap = _USUAL_GAP
        self._closed = False
        try:
            self._draft = Draft(path)
        except OSError as error:
            raise cannot_write(path, error) from error
        self._accompaniment = Accompaniment(source_info, _TICK, from_s=Fraction(round(from_s / _TICK)) * _TICK)
        try:
            self._muxer = Muxer(self._draft.path, _TICK)
            self._pictures = self._muxer.container.add_stream_from_template(encoder.template, opaque=True)
            self._pictures.time_base = _TICK
            self._accompaniment.begin(self._muxer, self._pictures, path.suffix)
            self._sound = SoundTrack(self._muxer, path.suffix) if sounds else None
        except (av.error.FFmpegError, OSError) as error:
            self._accompaniment.close()
            self._draft.discard()
            raise cannot_write(path, error) from error

    def write(self, data: bytes, time_s: float, *, key: bool) -> None:
        """Write a picture, and the sound up to its time.

        Args:
            data: H.264, the first a key frame.
            time_s: when it is to be shown, in the source's time.
            key: decoding can begin here.

        Raises:
            SinkError: it cannot be written.
        """
        pts = max(self._last_pts + 1, round((time_s - self._from_s) * TICKS_A_SECOND))
        if self.frames:
            self._gap = pts - self._last_pts
        packet = Packet(data)
        packet.stream = self._pictures
        packet.time_base, packet.pts, packet.dts, packet.duration = _TICK, pts, pts, self._gap
        packet.is_keyframe = key
        try:
            self._muxer.write(packet)
            self._accompaniment.copy(pts)
            self._draft.keep_on_disk()
        except (av.error.FFmpegError, OSError) as error:
            raise cannot_write(self._path, error) from error
        self._last_pts = pts
        self.last_s = float(pts * _TICK)
        self.frames += 1

    def write_sound(self, samples: Samples, time_s: float) -> None:
        """Write sound, where the file was begun with it.

        Args:
            samples: float32 (2, N), see frames/sound.py.
            time_s: when it begins, in the source's time; what lies before the file's first picture is left out.

        Raises:
            SinkError: it cannot be written.
        """
        if self._sound is None:
            return
        try:
            self._sound.write(samples, time_s - self._from_s)
        except (av.error.FFmpegError, OSError) as error:
            raise cannot_write(self._path, error) from error

    def finish(self) -> Written:
        """Make the file whole under its name. Raises SinkError; then it is to be abandoned."""
        try:
            self._close()
            self._draft.land()
        except (av.error.FFmpegError, OSError) as error:
            raise cannot_write(self._path, error) from error
        return Written(self._path, self.frames, self._sound_note)

    def abandon(self) -> Written | None:
        """Keep what plays as NAME.partial.EXT; returns it, None where nothing does. Never raises."""
        with contextlib.suppress(av.error.FFmpegError, OSError):
            self._close()
        contents = playable(self._draft.path, _LOOKS_FOR_S)
        kept = self._draft.keep() if contents is not None else None
        if contents is None or kept is None:
            self._draft.discard()
            return None
        return Written(kept, contents.frames, self._sound_note, whole=False)

    @property
    def _sound_note(self) -> str:
        return self._sound.note if self._sound is not None else self._accompaniment.note

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            if self._sound is not None:
                self._sound.finish()
            self._muxer.write_rest()
            self._accompaniment.copy(self._last_pts + self._gap)
        finally:
            self._accompaniment.close()
            self._muxer.close()

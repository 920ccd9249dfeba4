"""What goes into a painted video beside its pictures, and when: the sound, subtitles and tags of the source's file."""

from __future__ import annotations

import logging
from fractions import Fraction

import av.error
from av.video.stream import VideoStream

from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.sinks.muxing import DISK_ERRORS, Muxer
from deeplab_cv.sinks.original import Original

_log = logging.getLogger(__name__)

_SOUND_IS_LATE_S = 1
"""Sound that has not begun by then is not waited for."""


class Accompaniment:
    """What is taken over from the source's file, written as far as the pictures are.

    Attributes:
        zero_pts: the time of the source, in units of the pictures, that is zero in the output.
        note: what became of the sound, in words.
        set_aside: what only a file that is written at once can hold, in words; empty for nothing. See `joining`.
    """

    def __init__(
        self, source_info: SourceInfo, time_base: Fraction, *, from_s: Fraction | None = None, at_once: bool = False
    ) -> None:
        """Open the source's file a second time; where that fails, a line says that its sound is left out.

        Args:
            source_info: where the pictures come from.
            time_base: the unit of the pictures' times.
            from_s: when the first picture comes, where the output begins with it and at zero; None for a whole source,
                whose timestamps are kept.
            at_once: the pictures are there already, and all is written one after the other: of MP4 and MOV nothing has
                to play before the end.
        """
        self.note = ""
        self.set_aside = ""
        self._at_once = at_once
        self._time_base = time_base
        self._tracks = source_info.tracks
        self._from_s = from_s
        self._original = _original_of(source_info)
        zero_s = from_s
        if zero_s is None:
            zero_s = self._original.clock_start if self._original else Fraction(0)
        self._zero_s = zero_s
        self.zero_pts = round(zero_s / time_base)

    @property
    def colour_meaning(self) -> tuple[int, int] | None:
        """Primaries and transfer in FFmpeg's numbers; None where there is no file that tells."""
        return self._original.colour_meaning if self._original else None

    def begin(self, muxer: Muxer, pictures: VideoStream, suffix: str) -> None:
        """Give the output its tags and its further streams, before its first packet."""
        self._muxer = muxer
        if not self._original:
            return
        self._original.tag(muxer.container, pictures)
        if not self._tracks:
            return
        container = muxer.container.format.name
        self.note = ", ".join(self._original.choose_streams(container, suffix, tell=not self._at_once))
        self._original.start_sound(self._from_s)
        if muxer.in_fragments:
            self._fit_fragments(muxer, self._original)
        self._original.add_streams(muxer.container)

    def _fit_fragments(self, muxer: Muxer, original: Original) -> None:
        """Leave what fragments cannot hold for the time when all pictures are there."""
        heard_by_s = self._zero_s + _SOUND_IS_LATE_S
        late = not original.sounds_are_known_by(heard_by_s)
        unfit = original.unfit_for_fragments(late=late)
        if unfit and self._at_once:
            muxer.write_head_last()
            return
        if unfit:
            self.set_aside = original.set_aside(unfit)
            late = not original.sounds_are_known_by(heard_by_s)
        if late:
            muxer.write_head_at_once()

    def copy(self, until_pts: int | None) -> None:
        """Write sound and subtitles up to a time of the output, in units of the pictures; all that is left for None.

        Raises av.error.FFmpegError, OSError where the disk refuses.
        """
        if not self._original:
            return
        until_s = None if until_pts is None else (until_pts + self.zero_pts) * self._time_base
        for packet in self._original.sound_until(until_s, self.zero_pts * self._time_base):
            try:
                self._muxer.write(packet)
            except av.error.FFmpegError as error:
                # A full disk costs the pictures as well; what only this sound is refused for does not.
                if error.errno in DISK_ERRORS:
                    raise
                self._original.leave_out(packet, error.strerror or str(error))
                self.note += ", not all of them"

    def close(self) -> None:
        """Let go of the source's file."""
        if self._original:
            self._original.close()


def _original_of(source_info: SourceInfo) -> Original | None:
    # Pictures are files too, but have no rate; a device is no file to open twice.
    if source_info.path is None or source_info.frame_rate is None or source_info.live:
        return None
    try:
        return Original(source_info.path)
    except av.error.FFmpegError as error:
        # Moved away since its first picture was read, perhaps; the pictures do not need it.
        _log.warning("%s: its sound is left out: %s", source_info.name, error.strerror or error)
        return None

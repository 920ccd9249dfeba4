"""A video into a pipe, for a program that reads it while it is written."""

from __future__ import annotations

import contextlib
from pathlib import Path

import av.error

from deeplab_cv.frames.frame import Painted, SourceInfo
from deeplab_cv.sinks.encoding import choose_encoding
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sinks.outlet import Outlet
from deeplab_cv.sinks.pictures import NOT_READ, STANDARD_OUTPUT
from deeplab_cv.sinks.sink import Written
from deeplab_cv.sinks.transparency import say_checkerboard
from deeplab_cv.sinks.video import AS_THE_EXTENSION_SAYS, VideoFile

_PIPED = Path("stdout.mkv")
"""The container that needs no seeking."""


class VideoPipe:
    """Painted pictures as Matroska through a pipe, which whoever reads it sees as they are written."""

    needs_picture = True

    def __init__(
        self,
        descriptor: int,
        source_info: SourceInfo,
        options: OutputOptions = AS_THE_EXTENSION_SAYS,
        *,
        whole: bool = True,
    ) -> None:
        """Nothing is written yet; `descriptor` is the system's number of the pipe, all else as in VideoSink.

        Raises:
            UsageError: codec, crf and preset do not fit together.
        """
        self._outlet = Outlet(descriptor)
        self._source_info = source_info
        self._encoding = choose_encoding(_PIPED, options)
        self._whole = whole
        self._file: VideoFile | None = None

    def write(self, painted: Painted) -> None:
        """Encode one picture. Raises SinkError where nobody reads it, or it cannot be encoded."""
        if self._outlet.cut:
            return
        try:
            if self._file is None:
                if painted.pixels.transparent is not None:
                    say_checkerboard(STANDARD_OUTPUT, "a .webm or a .mov is transparent")
                self._file = VideoFile(
                    _PIPED,
                    self._source_info,
                    self._encoding,
                    painted,
                    whole=self._whole,
                    outlet=self._outlet,
                )
            self._file.write(painted)
        except (OSError, av.error.FFmpegError) as error:
            self._raise_unless_cut(error)

    def hurry(self) -> None:
        """Wait no longer than a moment for who reads: somebody stops the run; from any thread."""
        self._outlet.hurry()

    def finish(self) -> Written:
        """Write the rest. Raises SinkError where nobody reads it, or a picture is missing."""
        if self._file is None:
            return self._written(whole=True)
        try:
            self._file.close(whole=self._whole)
            self._file.check()
        except (OSError, av.error.FFmpegError) as error:
            self._raise_unless_cut(error)
        return self._written(whole=True)

    def abandon(self) -> Written | None:
        """Write what the encoder holds; whoever reads keeps what came."""
        if self._file is None:
            return None
        with contextlib.suppress(av.error.FFmpegError, OSError):
            self._file.close(whole=False)
        return self._written(whole=False)

    def _written(self, *, whole: bool) -> Written:
        frames, sound_note = (self._file.frames, self._file.sound_note) if self._file else (0, "")
        if self._outlet.cut:
            return Written(STANDARD_OUTPUT, frames, NOT_READ, whole=False)
        return Written(STANDARD_OUTPUT, frames, sound_note, whole=whole)

    def _raise_unless_cut(self, error: Exception) -> None:
        """Somebody stops the run where the outlet is cut; that its reader stands still is no failure of it."""
        if not self._outlet.cut:
            raise cannot_write(STANDARD_OUTPUT, error) from error

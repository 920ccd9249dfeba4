"""A video into a pipe, for a program that reads it while it is written."""

from __future__ import annotations

import contextlib
from pathlib import Path

import av.error

from deeplab_cv.frames.frame import Painted, SourceInfo
from deeplab_cv.sinks.encoding import choose_encoding
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sinks.pictures import STANDARD_OUTPUT
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
        self._descriptor = descriptor
        self._source_info = source_info
        self._encoding = choose_encoding(_PIPED, options)
        self._whole = whole
        self._file: VideoFile | None = None

    def write(self, painted: Painted) -> None:
        """Encode one picture. Raises SinkError where nobody reads it, or it cannot be encoded."""
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
                    descriptor=self._descriptor,
                )
            self._file.write(painted)
        except (OSError, av.error.FFmpegError) as error:
            raise cannot_write(STANDARD_OUTPUT, error) from error

    def finish(self) -> Written:
        """Write the rest. Raises SinkError where nobody reads it, or a picture is missing."""
        if self._file is None:
            return Written(STANDARD_OUTPUT, 0)
        try:
            self._file.close(whole=self._whole)
            self._file.check()
        except (OSError, av.error.FFmpegError) as error:
            raise cannot_write(STANDARD_OUTPUT, error) from error
        return Written(STANDARD_OUTPUT, self._file.frames, self._file.sound_note)

    def abandon(self) -> Written | None:
        """Write what the encoder holds; whoever reads keeps what came."""
        if self._file is None:
            return None
        with contextlib.suppress(av.error.FFmpegError, OSError):
            self._file.close(whole=False)
        return Written(STANDARD_OUTPUT, self._file.frames, self._file.sound_note, whole=False)

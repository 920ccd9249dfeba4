"""A live source may change the size of its pictures or be gone for long, and a video file cannot: another goes on."""

import logging
from collections.abc import Callable
from fractions import Fraction
from itertools import count
from pathlib import Path

from deeplab_cv.frames.frame import Frame, Painted
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.muxing import LONGEST_STEP_S
from deeplab_cv.sinks.sink import Sink, Written, in_words

_log = logging.getLogger(__name__)


class FilePerSize:
    """Writes into one file after the other: a new one for a new size of the source, not of a style, or after a gap."""

    needs_picture = True

    def __init__(self, path: Path, make_sink: Callable[[Path], Sink]) -> None:
        """Nothing is written yet.

        Args:
            path: the first file; the others are named NAME-2, NAME-3 and so on, those that are there left out.
            make_sink: makes what writes a file.
        """
        self._path = path
        self._make_sink = make_sink
        self._sink = make_sink(path)
        self._last: tuple[Size, Fraction] | None = None

    def write(self, painted: Painted) -> None:
        """Take one frame. Raises SinkError where it cannot be kept."""
        frame = painted.frame
        if self._last is not None and (reason := _ends_a_file(*self._last, frame)):
            _log.info("%s: %s", reason, in_words(self._sink.finish()))
            self._sink = self._make_sink(self._next_path())
        self._last = frame.size, frame.time_s
        self._sink.write(painted)

    def finish(self) -> Written:
        """Make the last file whole. Raises SinkError."""
        return self._sink.finish()

    def abandon(self) -> Written | None:
        """Keep what is usable of the last file; those before it are whole."""
        return self._sink.abandon()

    def _next_path(self) -> Path:
        names = (self._path.with_stem(f"{self._path.stem}-{number}") for number in count(2))
        return next(path for path in names if not path.exists())


def _ends_a_file(last_size: Size, last_s: Fraction, frame: Frame) -> str:
    """Why a frame cannot follow the last one in its file, in words; empty where it can."""
    if frame.size != last_size:
        return f"the pictures are {frame.size} now"
    gap_s = frame.time_s - last_s
    return f"no picture for {float(gap_s) / 60:.0f} minutes" if gap_s > LONGEST_STEP_S else ""

"""A live source may change the size of its pictures, and a video file cannot: then another file goes on."""

import logging
from collections.abc import Callable
from itertools import count
from pathlib import Path

from deeplab_cv.frames.frame import Painted
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.sink import Sink, Written, in_words

_log = logging.getLogger(__name__)


class FilePerSize:
    """Writes into one file after the other, a new one whenever the size of the source changes, not that of a style."""

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
        self._size: Size | None = None

    def write(self, painted: Painted) -> None:
        """Take one frame. Raises SinkError where it cannot be kept."""
        size = painted.frame.size
        if self._size not in (None, size):
            _log.info("the pictures are %s now: %s", size, in_words(self._sink.finish()))
            self._sink = self._make_sink(self._next_path())
        self._size = size
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

"""A video of what is on the screen, begun and ended while the run goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from deeplab_cv.controls.snapshot import free_stem
from deeplab_cv.errors import UserError
from deeplab_cv.frames.frame import Painted
from deeplab_cv.sinks.sink import Sink, Written, in_words, saying_what_is_kept


class Recorder(Protocol):
    """What records by itself, and by hand where it is asked to; its files are its own."""

    @property
    def running(self) -> bool:
        """Frames are being written."""
        ...

    def toggle(self) -> str:
        """Begin a recording by hand, or let it end; returns a line for the user."""
        ...


class Recording:
    """Writes painted frames into a new file of a folder, each time it is begun."""

    def __init__(self, folder: Path, make_sink: Callable[[Path], Sink], label: str = "") -> None:
        """No file is begun; `label` stands in the names of the files, where it is not empty."""
        self._folder = folder
        self._word = "-".join(filter(None, ["recording", label]))
        self._make_sink = make_sink
        self._sink: Sink | None = None
        self._error: UserError | None = None

    @property
    def running(self) -> bool:
        """Frames are being written."""
        return self._sink is not None

    def toggle(self) -> str:
        """Begin a file, or end the one that is written; returns a line for the user. Raises UserError."""
        if written := self.finish():
            return in_words(written)
        path = self._folder / f"{free_stem(self._folder, self._word)}.mp4"
        self._sink = self._make_sink(path)
        return f"recording to {path.name}"

    def write(self, painted: Painted) -> str:
        """Write a frame where a recording runs; returns a line for the user where that ends it, else nothing."""
        if self._sink is None:
            return ""
        try:
            self._sink.write(painted)
        except UserError as error:
            # A full disk, or a picture of another size: what is on the screen goes on.
            sink, self._sink = self._sink, None
            told = saying_what_is_kept(error, sink.abandon())
            self._error = self._error or told
            return str(told)
        return ""

    def finish(self) -> Written | None:
        """End the file; None where no recording runs. Raises SinkError."""
        sink, self._sink = self._sink, None
        try:
            return sink.finish() if sink is not None else None
        except UserError as error:
            self._error = self._error or error
            raise

    def close(self) -> Written | None:
        """The run is over: end the file. Raises the first error of all recordings, also of those that are over."""
        written = self.finish()
        if self._error is not None:
            raise self._error
        return written

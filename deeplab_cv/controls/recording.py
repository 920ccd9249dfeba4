"""A video of what is on the screen, begun and ended while the run goes on."""

from collections.abc import Callable
from pathlib import Path

from deeplab_cv.controls.snapshot import free_stem
from deeplab_cv.errors import UserError
from deeplab_cv.frames.frame import Painted
from deeplab_cv.sinks.sink import Sink, Written, in_words


class Recording:
    """Writes painted frames into a new file of a folder, each time it is begun."""

    def __init__(self, folder: Path, make_sink: Callable[[Path], Sink]) -> None:
        self._folder = folder
        self._make_sink = make_sink
        self._sink: Sink | None = None

    @property
    def running(self) -> bool:
        """Frames are being written."""
        return self._sink is not None

    def toggle(self) -> str:
        """Begin a file, or end the one that is written; returns a line for the user. Raises UserError."""
        if written := self.finish():
            return in_words(written)
        path = self._folder / f"{free_stem(self._folder, 'recording')}.mp4"
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
            kept = sink.abandon()
            return f"{error}; {in_words(kept)}" if kept else str(error)
        return ""

    def finish(self) -> Written | None:
        """End the file; None where no recording runs. Raises SinkError."""
        sink, self._sink = self._sink, None
        return sink.finish() if sink is not None else None

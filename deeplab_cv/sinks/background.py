"""A sink in a thread of its own, so that the next frame is painted while this one is encoded."""

import threading

from deeplab_cv.errors import UserError
from deeplab_cv.frames.frame import Painted
from deeplab_cv.frames.queues import FrameQueue
from deeplab_cv.sinks.sink import Patient, Sink, Written, saying_what_is_kept

_QUEUE_LENGTH = 2


class InBackground:
    """Hands frames to another sink in order; what fails there is raised by the next call."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.needs_picture = sink.needs_picture
        self._queue: FrameQueue[Painted] = FrameQueue(_QUEUE_LENGTH, live=False)
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def write(self, painted: Painted) -> None:
        """Take one frame. Raises SinkError where it or one before it cannot be kept."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="sink", daemon=True)
            self._thread.start()
        if self.needs_picture:
            # Painted in the thread that made it: this one has the encoder's work to do.
            painted.pixels.make()
        if not self._queue.put(painted) and self._error is not None:
            raise self._error

    def hurry(self) -> None:
        """Wait for no frame's time any more, nor for whoever receives: somebody stops the run; from any thread."""
        if isinstance(self._sink, Patient):
            self._sink.hurry()

    def finish(self) -> Written:
        """Make the output whole once every frame is in it. Raises SinkError, saying what is kept of it."""
        self._join()
        if self._error is None:
            return self._sink.finish()
        kept = self._sink.abandon()
        raise saying_what_is_kept(self._error, kept) if isinstance(self._error, UserError) else self._error

    def abandon(self) -> Written | None:
        """Keep what is usable; returns what is kept."""
        self.hurry()
        self._join()
        return self._sink.abandon()

    def _join(self) -> None:
        self._queue.end()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            while (painted := self._queue.get()) is not None:
                self._sink.write(painted)
        except BaseException as error:
            self._error = error
            self._queue.stop()

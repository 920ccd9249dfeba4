"""A clip as a camera: each frame comes when its time has come, with that time written into its picture."""

import dataclasses
import threading
import time

import numpy as np

from deeplab_cv.bench.instruments import timecode
from deeplab_cv.frames.frame import Frame
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.sources.source import Source


class PacedSource(Source):
    """Frames of a file at the file's own rate, as a camera would give them, each with the time at which it is given."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._begun_at: float | None = None
        self._closed = threading.Event()
        self.info = dataclasses.replace(source.info, live=True, frame_count=None, tracks=False, path=None)

    def read(self) -> Frame | None:
        """The next frame once it is due; None at the end."""
        frame = self._source.read()
        if frame is None:
            return None
        now = time.monotonic()
        if self._begun_at is None:
            self._begun_at = now - float(frame.time_s)
        if self._closed.wait(max(0.0, self._begun_at + float(frame.time_s) - now)):
            return None
        image = np.array(frame.image)
        captured_at = time.monotonic()
        timecode.stamp(image, round(captured_at * 1000) % timecode.PERIOD_MS)
        return dataclasses.replace(frame, pixels=Pixels(image=image), captured_at=captured_at)

    def close(self) -> None:
        """Let go of the file; whoever waits for a frame gets none."""
        self._closed.set()
        self._source.close()

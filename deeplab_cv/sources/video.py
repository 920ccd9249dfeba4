"""A video file through PyAV: exact timestamps, upright frames, right colours."""

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from typing_extensions import Self

from deeplab_cv.errors import SourceError
from deeplab_cv.frame import Frame, Image
from deeplab_cv.sources import SourceInfo


class VideoSource:
    """The frames of one video file, each with the timestamp the file gives it."""

    def __init__(self, path: Path) -> None:
        try:
            self._container = av.open(str(path))
        except (OSError, ValueError) as error:
            raise SourceError("cannot read the video", path, str(error)) from error
        stream = self._container.streams.video[0]
        stream.thread_type = "AUTO"
        self._time_base = stream.time_base or Fraction(1, 1000)
        self._frames: Iterator[VideoFrame] = self._container.decode(stream)
        self._first = next(self._frames, None)
        if self._first is None:
            raise SourceError("the video has no frames", path, "give another file")
        turned = self._first.rotation % 180 == 90
        size = (self._first.width, self._first.height)
        self._lock = threading.Lock()
        self._index = 0
        self.info = SourceInfo(
            name=path.name,
            size_wh=size[::-1] if turned else size,
            frame_rate=stream.average_rate,
            frame_count=stream.frames or None,
            live=False,
            time_base=self._time_base,
            path=path,
            sound=bool(self._container.streams.audio),
        )

    def read(self) -> Frame | None:
        """The next frame, or None at the end."""
        with self._lock:
            decoded, self._first = self._first or next(self._frames, None), None
            if decoded is None:
                return None
            index, self._index = self._index, self._index + 1
            return Frame(_upright_bgr(decoded), index, decoded.pts or 0, self._time_base, time.monotonic())

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._frames = iter(())
            self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _upright_bgr(frame: VideoFrame) -> Image:
    image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    turns = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, -90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180}
    turn = turns.get(180 if abs(frame.rotation) == 180 else frame.rotation)
    return image if turn is None else np.asarray(cv2.rotate(image, turn), np.uint8)

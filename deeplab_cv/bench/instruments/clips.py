"""The same clip at every height, kept in the user's cache."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from deeplab_cv.frames.frame import Painted
from deeplab_cv.frames.pixels import Pixels, resize
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.cache import cache_folder
from deeplab_cv.machine.files import file_hash
from deeplab_cv.sinks.video import VideoSink
from deeplab_cv.sources.video import VideoSource

FRAMES = 150
_FRAMES_BEYOND_1080 = 40
"""Fewer of the largest, which take long to make."""


def clip_at(clip: Path, height: int) -> Path:
    """The clip with so many lines: the file itself where it has them, else a copy that is made once.

    Raises SourceError, SinkError.
    """
    with VideoSource(clip) as source:
        width, own_height = source.info.size
        if own_height == height:
            return clip
        path = cache_folder("bench") / f"{clip.stem}-{file_hash(clip)[:12]}-{height}.mp4"
        if not path.exists():
            size = Size(round(width * height / own_height / 2) * 2, height)
            _write(source, path, size, FRAMES if height <= 1080 else _FRAMES_BEYOND_1080)
    return path


def _write(source: VideoSource, path: Path, size: Size, frames: int) -> None:
    sink = VideoSink(path, replace(source.info, path=None, tracks=False), whole=False)
    interpolation = cv2.INTER_AREA if size.height < source.info.size.height else cv2.INTER_CUBIC
    for _ in range(frames):
        frame = source.read()
        if frame is None:
            break
        picture = resize(frame.image, size, interpolation)
        sink.write(Painted(frame, np.zeros((1, 1), np.uint8), Pixels(image=picture), ()))
    sink.finish()

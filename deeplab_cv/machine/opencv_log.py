"""What OpenCV and libraries in it, such as libjpeg, write to the terminal, kept away where the program says it."""

import contextlib
from collections.abc import Iterator

import cv2

from deeplab_cv.machine.standard_error import silent_natives

# OpenCV 4.13 moved these functions.
_log = getattr(cv2.utils, "logging", cv2)
_SILENT = 0


@contextlib.contextmanager
def quiet_opencv() -> Iterator[None]:
    """Keeps OpenCV and the libraries in it from writing to the terminal meanwhile, in all threads."""
    level = _log.getLogLevel()
    _log.setLogLevel(_SILENT)
    try:
        with silent_natives():
            yield
    finally:
        _log.setLogLevel(level)

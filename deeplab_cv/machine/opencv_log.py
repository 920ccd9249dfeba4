"""OpenCV's log lines, kept away from where the program says the same in its own words."""

import contextlib
from collections.abc import Iterator

import cv2

# OpenCV 4.13 moved these functions.
_log = getattr(cv2.utils, "logging", cv2)
_SILENT = 0


@contextlib.contextmanager
def quiet_opencv() -> Iterator[None]:
    """Keeps OpenCV from writing log lines to the terminal meanwhile, in all threads."""
    level = _log.getLogLevel()
    _log.setLogLevel(_SILENT)
    try:
        yield
    finally:
        _log.setLogLevel(level)

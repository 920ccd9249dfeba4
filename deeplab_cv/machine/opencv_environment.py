"""What OpenCV reads from the environment when it is imported, and before it opens its first camera."""

import os


def make_opencv_wait_less() -> None:
    """Open cameras in a moment, and give a silent one up in two seconds; what the user has set stays as it is.

    To be called before the first camera is opened, best before OpenCV is imported. Windows: opening a camera takes 10
    to 60 s with hardware transforms (opencv 17687). Linux: a camera that gives nothing keeps a read for 10 s.
    """
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")


def make_opencv_silent() -> None:
    """Keep its log lines away, all of which the program says in its own words; what the user has set stays as it is.

    To be called before OpenCV is imported.
    """
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

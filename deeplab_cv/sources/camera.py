"""A camera through OpenCV, and the cameras of this machine by name."""

import math
import os
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from deeplab_cv.errors import SourceError, as_typed
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.machine.opencv_cameras import make_opencv_wait_less
from deeplab_cv.machine.opencv_log import quiet_opencv
from deeplab_cv.sources.live import MICROSECOND, LiveSource, Patience

_ON_LINUX = sys.platform.startswith("linux")
_SYSFS = Path("/sys/class/video4linux")

_FAILED_READS = 20
_PAUSE_S = 0.1
_PROBED = 5


@dataclass(frozen=True)
class CameraName:
    """A camera of this machine.

    Attributes:
        index: what `--camera` takes.
        path: its device, such as /dev/video0; empty where the system has none.
        name: what its maker calls it.
    """

    index: int
    path: str
    name: str


class CameraSource(LiveSource):
    """A camera's frames as they come, with the time of their capture in microseconds since the first."""

    def __init__(
        self, text: str, *, width: int | None = None, height: int | None = None, fps: float | None = None
    ) -> None:
        """Open a camera and wait for its first frame.

        Args:
            text: its index or device path.
            width: asked of the camera, in pixels; it may give another, see `info`.
            height: as `width`.
            fps: frames a second asked of the camera.

        Raises:
            SourceError: there is no such camera, it is in use, or it gives nothing.
        """
        super().__init__()
        self._name = f"camera {as_typed(text)}"
        make_opencv_wait_less()
        with quiet_opencv():
            self._capture = _open_capture(text, self._name)
            _ask(self._capture, width, height, fps)
        try:
            self._ahead: tuple[Pixels, float] | None = self._grab()
        except SourceError:
            self._release()
            raise
        pixels, came_at = self._ahead
        self._since_first(came_at)
        self.info = SourceInfo(
            name=self._name,
            size=pixels.size,
            frame_rate=_rate(self._capture),
            frame_count=None,
            live=True,
            time_base=MICROSECOND,
        )

    def _next(self) -> tuple[Pixels, float]:
        grabbed, self._ahead = self._ahead or self._grab(), None
        return grabbed

    def _release(self) -> None:
        self._capture.release()

    def _grab(self) -> tuple[Pixels, float]:
        """A picture and when it came. Raises SourceError where none comes for a while, or the camera is closed."""
        patience = Patience()
        for _ in range(_FAILED_READS):
            if self._closed.is_set() or patience.is_over:
                break
            try:
                given, image = self._capture.read()
            except cv2.error:
                given, image = False, None
            if given and image is not None:
                return Pixels(image=np.asarray(image, np.uint8)), time.monotonic()
            self._closed.wait(_PAUSE_S)
        remedy = "plug it in again, or close other programs that use it"
        raise SourceError("the camera gives no pictures", self._name, remedy)


def list_cameras() -> list[CameraName]:
    """The cameras of this machine by index, with their makers' names where the system tells them."""
    if _ON_LINUX:
        found = (_linux_camera(folder) for folder in _SYSFS.glob("video*"))
        return sorted((camera for camera in found if camera is not None), key=lambda camera: camera.index)
    return _named_cameras() or _probed_cameras()


def _linux_camera(folder: Path) -> CameraName | None:
    """The camera of a folder like /sys/class/video4linux/video0; None for its second node, which gives metadata."""
    index = folder.name.removeprefix("video")
    try:
        if not index.isdecimal() or int((folder / "index").read_text()) != 0:
            return None
        return CameraName(int(index), f"/dev/{folder.name}", (folder / "name").read_text().strip())
    except (OSError, ValueError):
        return None


def _named_cameras() -> list[CameraName]:
    """Windows and macOS tell names only to their own interfaces, which a small package speaks."""
    try:
        from cv2_enumerate_cameras import enumerate_cameras  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return []
    return [CameraName(camera.index, "", camera.name) for camera in enumerate_cameras(_interface())]


def _probed_cameras() -> list[CameraName]:
    found = []
    with quiet_opencv():
        for index in range(_PROBED):
            capture = cv2.VideoCapture(index, _interface())
            if capture.isOpened():
                found.append(CameraName(index, "", f"camera {index}"))
            capture.release()
    return found


def _interface() -> int:
    """The system's interface to cameras, named so that OpenCV does not try all others with a log line for each."""
    names = {"linux": "CAP_V4L2", "win32": "CAP_MSMF", "darwin": "CAP_AVFOUNDATION"}
    return int(getattr(cv2, names.get(sys.platform, "CAP_ANY")))


def _open_capture(text: str, name: str) -> cv2.VideoCapture:
    if not (text.isdecimal() or text.startswith("/dev/")) and _ON_LINUX:
        raise SourceError("a camera is named by its number or its device", name, "a file or a URL is --video")
    device: int | str = int(text) if text.isdecimal() else text
    path = Path(f"/dev/video{device}" if isinstance(device, int) else device)
    if _ON_LINUX and not path.exists():
        raise SourceError("no such camera", name, _what_there_is())
    if _ON_LINUX and not os.access(path, os.R_OK | os.W_OK):
        raise SourceError("not allowed to use the camera", name, "join the group video: sudo usermod -aG video $USER")
    capture = cv2.VideoCapture(device, _interface())
    if not capture.isOpened():
        capture.release()
        allow = "allow the terminal to use it (System Settings, Privacy), " if sys.platform == "darwin" else ""
        remedy = f"{allow}close other programs that use it; {_what_there_is()}"
        raise SourceError("the camera cannot be opened", name, remedy)
    return capture


def _what_there_is() -> str:
    cameras = list_cameras()
    if not cameras:
        return "this machine has no camera; --pattern shows a moving picture without one"
    return "there are " + ", ".join(f"{camera.index} ({camera.name})" for camera in cameras)


def _ask(capture: cv2.VideoCapture, width: int | None, height: int | None, fps: float | None) -> None:
    wishes = {cv2.CAP_PROP_FRAME_WIDTH: width, cv2.CAP_PROP_FRAME_HEIGHT: height, cv2.CAP_PROP_FPS: fps}
    given = {key: float(value) for key, value in wishes.items() if value is not None}
    if given and _ON_LINUX:
        # Uncompressed, 720p comes through USB 2 ten times a second; must be set before the size.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    for key, value in given.items():
        capture.set(key, value)


def _rate(capture: cv2.VideoCapture) -> Fraction | None:
    rate = capture.get(cv2.CAP_PROP_FPS)
    return Fraction(rate).limit_denominator(1001) if math.isfinite(rate) and 0 < rate <= 1000 else None

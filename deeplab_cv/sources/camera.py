"""A camera through OpenCV, found again by its name when it was unplugged."""

import math
import os
import sys
import threading
import zlib
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from deeplab_cv.errors import SourceError, as_typed
from deeplab_cv.frames.pixels import Image, Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.opencv_environment import make_opencv_wait_less
from deeplab_cv.machine.opencv_log import quiet_opencv
from deeplab_cv.sources.camera_names import (
    ON_LINUX,
    camera_interface,
    index_by_name,
    own_name,
    what_there_is,
)
from deeplab_cv.sources.connection import SYSTEM_CLOCK, USUAL_LIMITS, Arrival, Clock, Limits, StalledError
from deeplab_cv.sources.live import LiveSource

_FAILED_READS = 20
_PAUSE_S = 0.1

_USUAL_SIZE = Size(640, 480)
"""Of a camera that nobody has asked for another."""

_CAPPED_FPS = 24.0
"""A camera that gives fewer pictures than this gives them uncompressed, most likely."""

_PLUG_IN = "plug it in again, or close other programs that use it"


@dataclass(frozen=True, kw_only=True)
class CameraWishes:
    """What is asked of a camera, which may give something else; None where nothing is.

    Attributes:
        width, height: in pixels.
        fps: frames a second.
    """

    width: int | None = None
    height: int | None = None
    fps: float | None = None


def open_camera(
    text: str,
    wishes: CameraWishes,
    *,
    retry: int | None = None,
    clock: Clock = SYSTEM_CLOCK,
    limits: Limits = USUAL_LIMITS,
) -> LiveSource:
    """A camera, connected or waited for.

    Args:
        text: its index or device path.
        wishes: what is asked of it.
        retry: how many tries in a row may fail before it is given up; None for ever.
        clock: whose time counts.
        limits: how long it may take.

    Raises:
        SourceError: there is no such camera, or it gives nothing, and it is not tried again; the text names none.
    """
    name = f"camera {as_typed(text)}"
    if not (text.isdecimal() or text.startswith("/dev/")) and ON_LINUX:
        raise SourceError("a camera is named by its number or its device", name, "a file or a URL is --video")
    make_opencv_wait_less()
    camera = _Camera(name, text, wishes, clock, limits)
    size = Size(wishes.width or _USUAL_SIZE.width, wishes.height or _USUAL_SIZE.height)
    return LiveSource(name, camera.connect, retry=retry, assumed_size=size, clock=clock)


@dataclass
class _Camera:
    """Which camera is meant, also when its index has changed."""

    name: str
    text: str
    wishes: CameraWishes
    clock: Clock
    limits: Limits
    makers_name: str = field(default="", init=False)

    def connect(self, closed: threading.Event) -> "CameraConnection":
        """Raises SourceError."""
        device = self._device()
        with quiet_opencv():
            capture = _open_capture(device, self.name)
            try:
                _ask(capture, self.wishes)
                connection = CameraConnection(capture, self.name, closed, self.clock, self.limits)
            except BaseException:
                capture.release()
                raise
        if not self.makers_name and (index := _index_of(device)) is not None:
            self.makers_name = own_name(index)
        return connection

    def _device(self) -> int | str:
        """What it is opened by now. Raises SourceError where it is nowhere."""
        device = int(self.text) if self.text.isdecimal() else self.text
        index = _index_of(device)
        if not self.makers_name or index is None:
            return device
        found = index_by_name(index, self.makers_name)
        if found is None:
            raise SourceError(f"{self.makers_name} is not there", self.name, what_there_is())
        return device if found == index else found


class CameraConnection:
    """An opened camera; see sources.connection.Connection."""

    def __init__(
        self, capture: cv2.VideoCapture, name: str, closed: threading.Event, clock: Clock, limits: Limits
    ) -> None:
        """Wait for the first picture. Raises SourceError where none comes."""
        self._capture = capture
        self._name = name
        self._closed = closed
        self._clock = clock
        self.stall_s = limits.stall_s
        # Some take seconds to wake, and fail until then.
        self._ahead = self._grab(limits.first_s, math.inf)
        if self._ahead is None:
            raise SourceError("the camera was closed", name, _PLUG_IN)
        self.size = self._ahead.pixels.size
        self.frame_rate = _rate(capture)

    def next(self) -> Arrival | None:
        """The next picture; None once the source is closed. Raises SourceError."""
        ahead, self._ahead = self._ahead, None
        return ahead or self._grab(self.stall_s, _FAILED_READS)

    def close(self) -> None:
        """Let go of the camera."""
        self._capture.release()

    def _grab(self, patience_s: float, failures: float) -> Arrival | None:
        """A picture; raises SourceError after so many seconds or so many reads that failed."""
        began_at, failed = self._clock.now(), 0
        while not self._closed.is_set():
            image = self._read()
            now = self._clock.now()
            if image is not None:
                return Arrival(Pixels(image=image), now, fingerprint=zlib.crc32(image[::16, ::16].tobytes()))
            failed += 1
            if now - began_at > patience_s:
                raise StalledError(f"the camera gives no pictures for {patience_s:.0f} s", self._name, _PLUG_IN)
            if failed >= failures:
                raise SourceError("the camera gives no pictures", self._name, _PLUG_IN)
            self._clock.wait(self._closed, _PAUSE_S)
        return None

    def _read(self) -> Image | None:
        try:
            given, image = self._capture.read()
        except cv2.error:
            return None
        return np.asarray(image, np.uint8) if given and image is not None else None


def _index_of(device: int | str) -> int | None:
    """The index in a camera's device path; None for a path that stays with the camera, such as one in by-id."""
    if isinstance(device, int):
        return device
    number = device.removeprefix("/dev/video")
    return int(number) if number.isdecimal() else None


def _open_capture(device: int | str, name: str) -> cv2.VideoCapture:
    path = Path(f"/dev/video{device}" if isinstance(device, int) else device)
    if ON_LINUX and not path.exists():
        raise SourceError("no such camera", name, what_there_is())
    if ON_LINUX and not os.access(path, os.R_OK | os.W_OK):
        raise SourceError("not allowed to use the camera", name, "join the group video: sudo usermod -aG video $USER")
    capture = cv2.VideoCapture(device, camera_interface())
    if not capture.isOpened():
        capture.release()
        allow = "allow the terminal to use it (System Settings, Privacy), " if sys.platform == "darwin" else ""
        remedy = f"{allow}close other programs that use it; {what_there_is()}"
        raise SourceError("the camera cannot be opened", name, remedy)
    return capture


def _ask(capture: cv2.VideoCapture, wishes: CameraWishes) -> None:
    asked = {
        cv2.CAP_PROP_FRAME_WIDTH: wishes.width,
        cv2.CAP_PROP_FRAME_HEIGHT: wishes.height,
        cv2.CAP_PROP_FPS: wishes.fps,
    }
    given = {key: float(value) for key, value in asked.items() if value is not None}
    rate = _rate(capture)
    if ON_LINUX and (given or (rate is not None and rate < _CAPPED_FPS)):
        # Uncompressed, 720p comes through USB 2 ten times a second; must be set before the size.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    for key, value in given.items():
        capture.set(key, value)


def _rate(capture: cv2.VideoCapture) -> Fraction | None:
    rate = capture.get(cv2.CAP_PROP_FPS)
    return Fraction(rate).limit_denominator(1001) if math.isfinite(rate) and 0 < rate <= 1000 else None

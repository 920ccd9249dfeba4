"""Painted pictures as a camera that meeting programs can choose, through pyvirtualcam."""

import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from deeplab_cv.errors import SinkError
from deeplab_cv.frames.frame import Painted, SourceInfo
from deeplab_cv.frames.pace import Pace
from deeplab_cv.frames.pixels import Image, fitted
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.installed import how_to_install
from deeplab_cv.sinks.sink import Written

_NAME = "virtual camera"

_SYSFS = Path("/sys/devices/virtual/video4linux")

_REMEDIES = {
    "linux": "sudo apt install v4l2loopback-dkms && sudo modprobe v4l2loopback exclusive_caps=1 max_buffers=2 "
    "card_label=deeplab-cv",
    "darwin": "install OBS 30 or later, and start its virtual camera once",
    "win32": "install OBS, which brings its virtual camera",
}


def open_device(size: Size, fps: float) -> Any:
    """A camera that pictures can be sent to, pyvirtualcam's Camera. Raises SinkError, with what to install."""
    try:
        import pyvirtualcam
    except ImportError:
        raise SinkError("pyvirtualcam is not installed", _NAME, how_to_install("virtualcam")) from None
    try:
        return pyvirtualcam.Camera(*size, fps, fmt=pyvirtualcam.PixelFormat.BGR)
    except (RuntimeError, OSError) as error:
        remedy = _REMEDIES.get(sys.platform, _REMEDIES["linux"])
        cause = str(error).splitlines()[0] if str(error) else ""
        raise SinkError("there is no virtual camera to write to", _NAME, remedy, cause=cause) from error


def what_there_is() -> str:
    """The virtual cameras of this machine, as far as it tells, and what is missing, in words."""
    found = [
        f"/dev/{folder.name} ({(folder / 'name').read_text().strip()})" for folder in sorted(_SYSFS.glob("video*"))
    ]
    if sys.platform == "linux":
        devices = ", ".join(found) or f"none; {_REMEDIES['linux']}"
    else:
        devices = _REMEDIES.get(sys.platform, "")
    package = "" if find_spec("pyvirtualcam") else f"; pyvirtualcam is not installed: {how_to_install('virtualcam')}"
    return devices + package


class VirtualCamera:
    """Sends the newest picture again and again, at a constant rate and size, as meeting programs want it."""

    needs_picture = True

    def __init__(self, source_info: SourceInfo, size: Size, fps: float) -> None:
        """Nothing is sent before the first picture.

        Args:
            source_info: where the frames come from; those of a file are taken at their own pace.
            size: what every picture is fitted into.
            fps: pictures a second.

        Raises:
            SinkError: there is no virtual camera on this machine.
        """
        self._size, self._period_s = size, 1 / fps
        self._live = source_info.live
        self._device = open_device(size, fps)
        self._newest: Image | None = None
        self._taken = 0
        self._pace = Pace()
        self._hurried = threading.Event()
        self._ended = threading.Event()
        self._error: SinkError | None = None
        self._thread: threading.Thread | None = None

    def write(self, painted: Painted) -> None:
        """Show this picture from now on. Raises SinkError where the camera is gone."""
        if self._error is not None:
            raise self._error
        if not self._live:
            self._hurried.wait(max(0.0, self._pace.due_at(painted.frame, time.monotonic()) - time.monotonic()))
        self._newest = fitted(painted.picture, self._size)
        self._taken += 1
        if self._thread is None:
            self._thread = threading.Thread(target=self._send, name=_NAME, daemon=True)
            self._thread.start()

    def hurry(self) -> None:
        """Wait for no frame's time any more."""
        self._hurried.set()

    def finish(self) -> Written:
        """Give the camera back. Raises SinkError where it was gone."""
        self._close()
        if self._error is not None:
            raise self._error
        return Written(Path(self._device.device), self._taken)

    def abandon(self) -> Written | None:
        """Give the camera back; nothing is kept of what was shown."""
        self._close()
        return None

    def _send(self) -> None:
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            # After a pause of the machine the pictures that were missed are not made up for.
            due = max(due + self._period_s, time.monotonic())
            try:
                self._device.send(self._newest)
            except (RuntimeError, OSError) as error:
                self._error = SinkError("the virtual camera takes no picture", _NAME, "start again", cause=error)
                return

    def _close(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(1.0)
        self._device.close()

"""The cameras of this machine by name."""

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2

from deeplab_cv.machine.opencv_log import quiet_opencv

ON_LINUX = sys.platform.startswith("linux")
_SYSFS = Path("/sys/class/video4linux")

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


def list_cameras() -> list[CameraName]:
    """The cameras of this machine by index, with their makers' names where the system tells them."""
    if ON_LINUX:
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
    return [CameraName(camera.index, "", camera.name) for camera in enumerate_cameras(camera_interface())]


def _probed_cameras() -> list[CameraName]:
    found = []
    with quiet_opencv():
        for index in range(_PROBED):
            capture = cv2.VideoCapture(index, camera_interface())
            if capture.isOpened():
                found.append(CameraName(index, "", f"camera {index}"))
            capture.release()
    return found


def camera_interface() -> int:
    """The system's interface to cameras, named so that OpenCV does not try all others with a log line for each."""
    names = {"linux": "CAP_V4L2", "win32": "CAP_MSMF", "darwin": "CAP_AVFOUNDATION"}
    return int(getattr(cv2, names.get(sys.platform, "CAP_ANY")))


def what_there_is() -> str:
    """The cameras that can be named, in words, for who named another."""
    cameras = list_cameras()
    if not cameras:
        return "this machine has no camera; --pattern shows a moving picture without one"
    return "there are " + ", ".join(f"{camera.index} ({camera.name})" for camera in cameras)


def own_name(index: int) -> str:
    """By what the camera of this index can be found again; empty where others are called so, or nobody knows."""
    names = {camera.index: camera.name for camera in _told_cameras()}
    name = names.get(index, "")
    return name if list(names.values()).count(name) == 1 else ""


def index_by_name(index: int, name: str) -> int | None:
    """Where a camera of this name is now: at its old index, or the only one of its name at another; None if nowhere."""
    indexes = [camera.index for camera in _told_cameras() if camera.name == name]
    if index in indexes:
        return index
    return indexes[0] if len(indexes) == 1 else None


def _told_cameras() -> list[CameraName]:
    """Those whose names the system tells; to open each one to see is no way while others use them."""
    return list_cameras() if ON_LINUX else _named_cameras()

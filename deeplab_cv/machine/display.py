"""Whether this machine can show a window."""

import os
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path

_CONNECT_S = 2.0


def display_problem() -> str | None:
    """Why no window can be opened here, None where one can.

    Looked at before the first window, because Qt ends the whole process where it finds no display.
    """
    import cv2

    gui = re.search(r"GUI:\s*(.*)", cv2.getBuildInformation())
    if gui is None or gui.group(1).strip() in ("NONE", "NO"):
        return "the installed OpenCV is a headless build (opencv-python in its place has windows)"
    if not sys.platform.startswith("linux"):
        return None
    display = os.environ.get("DISPLAY", "")
    if not display:
        if os.environ.get("WAYLAND_DISPLAY"):
            return "Wayland without XWayland, which OpenCV's windows need"
        return "no display (DISPLAY is not set)"
    return None if _reachable(display) else f"no display answers at DISPLAY={display}"


def _reachable(display: str) -> bool:
    host, colon, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not colon or not number.isdigit():
        return False
    if host in ("", "unix"):
        path = Path("/tmp/.X11-unix") / f"X{number}"
        return _connects(lambda: _unix_connect(str(path))) or _connects(lambda: _unix_connect(f"\0{path}"))
    return _connects(lambda: socket.create_connection((host, 6000 + int(number)), _CONNECT_S))


def _unix_connect(address: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _connects(connect: Callable[[], socket.socket]) -> bool:
    try:
        connect().close()
    except OSError:
        return False
    return True

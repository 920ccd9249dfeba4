"""A virtual screen whose pixels can be read without disturbing anybody: Xvfb keeps them in a file in memory."""

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import private_folder

_SIZE = Size(1400, 900)
_MEMORY = Path("/dev/shm")
"""Elsewhere the system writes what is drawn to the disk."""

_BYTES_PER_COLOUR = 12
"""Of an entry in the table of colours between an XWD file's header and its pixels."""


@dataclass(frozen=True)
class VirtualScreen:
    """A running X server.

    Attributes:
        display: what DISPLAY is set to.
        pixels: what is on it now, uint8 (H, W, 4), blue, green, red and nothing; changes as the server draws.
    """

    display: str
    pixels: Image


def screen_problem() -> str | None:
    """Why there can be no virtual screen here, None where there can."""
    return None if shutil.which("Xvfb") else "Xvfb is not installed (Debian: apt install xvfb)"


@contextmanager
def virtual_screen() -> Iterator[VirtualScreen | None]:
    """An X server of its own on which this process and its children show their windows from now on.

    None where there can be none. A process can have one only: Qt does not survive the end of its server, so this is
    entered before the first window and left after the last.
    """
    if screen_problem() is not None:
        yield None
        return
    read_end, write_end = os.pipe()
    with private_folder(_MEMORY if _MEMORY.is_dir() else None) as folder:
        command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{_SIZE}x24"]
        # Without -noreset the server begins anew whenever its last client goes, and refuses whoever connects meanwhile.
        command += ["-fbdir", str(folder), "-nolisten", "tcp", "-r", "-noreset"]
        server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        try:
            with os.fdopen(read_end) as numbers:
                display = f":{numbers.readline().strip()}"
            os.environ |= {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
            yield VirtualScreen(display, _pixels(folder / "Xvfb_screen0"))
        finally:
            server.terminate()
            server.wait()


def _pixels(file: Path) -> Image:
    """The server's own pixels, by way of its file in X's window dump format (XWDFile.h)."""
    raw = np.memmap(file, np.uint8, "r")
    header = struct.unpack(">25I", raw[:100].tobytes())
    header_size, width, height, bytes_per_line, colours = header[0], header[4], header[5], header[12], header[19]
    first = header_size + colours * _BYTES_PER_COLOUR
    lines = raw[first : first + height * bytes_per_line].reshape(height, bytes_per_line)
    return lines[:, : width * 4].reshape(height, width, 4)

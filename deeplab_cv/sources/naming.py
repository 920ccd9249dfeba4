"""What a text names: a camera, a live stream, pictures, a video or the test pattern. Imports nothing heavy."""

import glob
import os
import re
from pathlib import Path
from typing import Literal

from deeplab_cv.errors import UsageError
from deeplab_cv.machine.urls import is_url, lost_slashes
from deeplab_cv.sources.files import exists, is_folder

Kind = Literal["camera", "video", "stream", "image", "pattern", "browser"]

PICTURE_EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".jp2", ".ppm", ".pgm", ".pbm"}
)
"""What is taken for a picture in a folder; in lower case."""

VIDEO_EXTENSIONS = frozenset(
    {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".flv"}
)
"""What is taken for a video, where pictures are asked for; in lower case."""

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def kind_of(text: str) -> Kind:
    """What a text names, by its form and by what lies there."""
    if text == "pattern":
        return "pattern"
    if is_stream(text):
        return "stream"
    path = Path(text)
    if is_camera(text):
        return "camera"
    if is_folder(path) or path.suffix.lower() in PICTURE_EXTENSIONS or (glob.has_magic(text) and not exists(path)):
        return "image"
    return "video"


def is_camera(text: str) -> bool:
    """A text names a camera: by its number, where no file has that name, or by its device."""
    return text.startswith("/dev/") or (text.isdecimal() and not exists(Path(text)))


def is_stream(text: str) -> bool:
    """A text names a live stream: by a URL, perhaps one of the environment, or by the SDP file that describes it."""
    filled_in = _filled_in(text)
    return is_url(filled_in) or text.lower().endswith(".sdp") or (lost_slashes(filled_in) and not exists(Path(text)))


def kind_of_video(text: str) -> Kind:
    """What is meant where a video is asked for: besides videos and streams also a camera, or a folder of pictures."""
    kind = kind_of(text)
    return kind if kind in ("stream", "camera") or is_folder(Path(text)) or not exists(Path(text)) else "video"


def is_anything(text: str) -> bool:
    """A text names something that is there, or that has a form which no file's name or command has by mistake."""
    return (kind_of(text) != "video" and not _looks_like_a_missing_picture(text)) or text == "-" or exists(Path(text))


def with_variables(text: str) -> str:
    """The text with each `${NAME}` as the environment has it, so that no password stands on the command line.

    A value that is a user or a password in a URL (before its @) is encoded for it. A file that has this very name
    stays what it is.

    Raises:
        UsageError: a variable is not set.
    """
    if exists(Path(text)):
        return text
    for name in _VARIABLE.findall(text):
        if name not in os.environ:
            raise UsageError("no such variable in the environment", name, f"set it first, such as: export {name}=...")
    return _filled_in(text)


def _filled_in(text: str) -> str:
    from urllib.parse import quote

    credentials_end = text.rfind("@") if is_url(text) else -1

    def value(found: re.Match[str]) -> str:
        plain = os.environ.get(found[1], found[0])
        return quote(plain, safe="") if found.start() < credentials_end else plain

    return _VARIABLE.sub(value, text)


def _looks_like_a_missing_picture(text: str) -> bool:
    return kind_of(text) == "image" and not glob.has_magic(text) and not exists(Path(text))

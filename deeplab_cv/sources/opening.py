"""One text -> the source it names."""

import glob
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Literal

from deeplab_cv.errors import UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.camera import CameraSource
from deeplab_cv.sources.files import exists, is_folder
from deeplab_cv.sources.options import SourceOptions
from deeplab_cv.sources.pattern import PatternSource
from deeplab_cv.sources.pictures import PICTURE_EXTENSIONS, PictureSource, find_pictures
from deeplab_cv.sources.source import Source
from deeplab_cv.sources.url import StreamSource, is_stream
from deeplab_cv.sources.video import VideoSource
from deeplab_cv.sources.wrappers import EveryNth, Looped, Mirrored

Kind = Literal["camera", "video", "stream", "image", "pattern"]


def open_source(text: str, options: SourceOptions, kind: Kind | None = None) -> Source:
    """Open the source a text names.

    Args:
        text: a camera's index or device path, a video file, a live stream's URL or SDP file, a picture, a folder of
            pictures, a glob, or `pattern`.
        options: how it is read; which one it is, the text alone says.
        kind: what the text names, where that is known; without it the text decides.

    Raises:
        SourceError: it cannot be opened.
        UsageError: an option that its kind of source does not have.
    """
    kind = kind or kind_of(text)
    _refuse_options(options, kind)
    open_once = _opener(text, options, kind)
    return Looped(open_once) if options.loop else open_once()


def kind_of(text: str) -> Kind:
    """What a text names, by its form and by what lies there."""
    if text == "pattern":
        return "pattern"
    if is_stream(text):
        return "stream"
    path = Path(text)
    if text.isdecimal() or text.startswith("/dev/"):
        return "camera"
    if is_folder(path) or path.suffix.lower() in PICTURE_EXTENSIONS or (glob.has_magic(text) and not exists(path)):
        return "image"
    return "video"


def _opener(text: str, options: SourceOptions, kind: Kind) -> Callable[[], Source]:
    def open_once() -> Source:
        source = _open_kind(text, options, kind)
        if options.mirror:
            source = Mirrored(source)
        return EveryNth(source, options.every) if options.every > 1 else source

    return open_once


def _open_kind(text: str, options: SourceOptions, kind: Kind) -> Source:
    if kind == "camera":
        return CameraSource(text, options.width, options.height, options.fps)
    if kind == "pattern":
        size = Size(options.width or 1280, options.height or 720)
        return PatternSource(size, Fraction(options.fps or 30).limit_denominator(1001), options.end)
    if kind == "stream":
        return StreamSource(text, options.end)
    if kind == "image":
        return PictureSource(find_pictures(text), looped=options.loop)
    return VideoSource(Path(text), options.start, options.end)


def _refuse_options(options: SourceOptions, kind: Kind) -> None:
    """Raises UsageError for what this kind of source cannot do, so that nobody believes it was done."""
    names = {
        "camera": "a camera",
        "video": "a video",
        "stream": "a live stream",
        "image": "pictures",
        "pattern": "the test pattern",
    }
    refused = {
        "--loop": options.loop and kind in ("camera", "stream"),
        f"--start {options.start}": options.start is not None and kind != "video",
        f"--end {options.end}": options.end is not None and kind not in ("video", "stream", "pattern"),
    }
    for flag, wrong in refused.items():
        if wrong:
            raise UsageError(f"this does not go with {names[kind]}", flag, "leave it out")

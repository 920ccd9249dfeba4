"""Which sources the options name, and what each of them is called."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from deeplab_cv.errors import UsageError, as_typed
from deeplab_cv.machine import folders
from deeplab_cv.machine.program import program
from deeplab_cv.machine.urls import hide_secrets, is_url, without_secrets
from deeplab_cv.sources.naming import Kind, kind_of_video
from deeplab_cv.sources.options import SourceOptions

MOST = 16
"""Sources at once: each has threads of its own, and a part of the window."""

_DEVICE = re.compile(r"(?:/dev/video)?(\d{1,4})")


@dataclass(frozen=True)
class NamedSource:
    """A source as the options name it.

    Attributes:
        text: what open_source is given.
        kind: the kind of source that its flag is for.
        label: what outputs and figures of it are called, such as `camera-0`; it never holds text of a URL.
    """

    text: str
    kind: Kind
    label: str


def wanted_source(options: SourceOptions) -> NamedSource:
    """The one source the options name. Raises UsageError where they name none, or several."""
    named = wanted_sources(options)
    if len(named) > 1:
        raise UsageError(f"{len(named)} sources are named", _listed(options), "name one")
    return named[0]


def wanted_sources(options: SourceOptions) -> Sequence[NamedSource]:
    """The sources the options name: cameras, then videos and streams, then those without a name of their own.

    Raises UsageError where they name none, too many, the same camera twice, or pictures beside another source.
    """
    wanted = [(text, kind) for _, text, kind in _wanted(options)]
    if not wanted:
        remedy = "name a file, a folder, a camera's number or a URL, or take --pattern or --demo"
        raise UsageError("nothing to segment is named", "the command line", remedy)
    if len(wanted) > 1 and any(kind == "image" for _, kind in wanted):
        raise UsageError(f"{len(wanted)} sources are named", _listed(options), "pictures go alone: name one")
    if len(wanted) > MOST:
        remedy = f"name {MOST} at most; many files, one after the other, are for `{program()} batch`"
        raise UsageError(f"{len(wanted)} sources are named", "the command line", remedy)
    cameras = [text for text, kind in wanted if kind == "camera"]
    for camera in cameras:
        if cameras.count(camera) > 1:
            raise UsageError("a camera is named twice", f"--camera {as_typed(camera)}", "name it once")
    labels: list[str] = []
    for place, (text, kind) in enumerate(wanted):
        labels.append(_label(text, kind, place, labels))
    return [NamedSource(text, kind, label) for (text, kind), label in zip(wanted, labels, strict=True)]


def _wanted(options: SourceOptions) -> Iterator[tuple[str, str, Kind]]:
    """The flag, the text and the kind of each source."""
    for camera in options.camera or ():
        yield f"--camera {as_typed(camera)}", camera, "camera"
    for video in options.video or ():
        yield f"--video {as_typed(video)}", video, kind_of_video(video)
    if options.image is not None:
        if is_url(options.image):
            remedy = "download it and name the file; a camera that gives pictures is --video URL"
            raise UsageError("a picture is not fetched from the network", without_secrets(options.image), remedy)
        yield f"--image {as_typed(options.image)}", options.image, "image"
    for _ in range(options.pattern):
        yield "--pattern", "pattern", "pattern"
    if options.browser_camera:
        yield "--browser-camera", "browser", "browser"
    if options.demo:
        yield "--demo", str(folders.demo_clip()), "video"


def _listed(options: SourceOptions) -> str:
    return hide_secrets(" and ".join(flag for flag, _, _ in _wanted(options)))


def _label(text: str, kind: Kind, place: int, taken: Collection[str]) -> str:
    """A camera that has a number is called by it, all else by its place in the row, counted from 0."""
    numbered = _DEVICE.fullmatch(text) if kind == "camera" else None
    number = int(numbered[1]) if numbered else place
    while f"{kind}-{number}" in taken:
        number += 1
    return f"{kind}-{number}"

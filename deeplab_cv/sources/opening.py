"""One text -> the source it names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deeplab_cv.sources import Source

Kind = Literal["camera", "video", "image", "pattern"]


@dataclass(frozen=True)
class SourceOptions:
    """What is asked of a source besides its name.

    Attributes:
        width: of a camera's frames, in pixels; None leaves it to the camera.
        height: as `width`.
        fps: frames a second asked of a camera; None leaves it to the camera.
        loop: begin again at the end.
        mirror: flip left and right.
        every: take only every N-th frame.
        start: begin at this second of a video.
        end: stop at this second of a video.
    """

    width: int | None = None
    height: int | None = None
    fps: float | None = None
    loop: bool = False
    mirror: bool = False
    every: int = 1
    start: float | None = None
    end: float | None = None


def open_source(text: str, options: SourceOptions, kind: Kind | None = None) -> Source:
    """The source a text names. Raises SourceError where it cannot be opened."""
    from deeplab_cv.sources.video import VideoSource

    return VideoSource(Path(text))

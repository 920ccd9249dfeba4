"""Frame: what travels through the program."""

import time
from dataclasses import KW_ONLY, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from deeplab_cv.frames.pixels import Image, Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.frames.sound import LiveSound

Labels = NDArray[np.uint8]
"""A class number for each pixel: uint8 (H, W)."""

Scores = NDArray[np.floating[Any]]
"""A network's answer at its head's own stride: float32 (classes, h, w)."""


Origin = Literal["inferred", "carried", "kept"]
"""Where a frame's scores come from: the network, or an earlier frame, along the motion or as they were."""


@dataclass(frozen=True)
class Frame:
    """One picture of a source.

    Attributes:
        pixels: the picture, upright.
        index: its number in the source, counted from 0.
        pts: presentation time in units of `time_base`, FFmpeg's word.
        time_base: the unit of `pts` in seconds, exact.
        captured_at: when it was read, `time.monotonic()` in seconds.
        name: the file it came from, for pictures; else empty.
        seeks: how often its source had been sought in before it was read; frames of two numbers are no neighbours.
    """

    pixels: Pixels
    index: int
    pts: int
    time_base: Fraction
    captured_at: float
    _: KW_ONLY
    name: str = ""
    seeks: int = 0

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return self.pixels.size

    @property
    def image(self) -> Image:
        """uint8 (H, W, 3), BGR; nobody writes into it."""
        return self.pixels.image

    @property
    def time_s(self) -> Fraction:
        """Presentation time in seconds, exact."""
        return self.pts * self.time_base


def picture_frame(image: Image, *, index: int = 0, name: str = "") -> Frame:
    """A picture as a frame of its own: it has no time, so its number stands for it.

    Args:
        image: uint8 (H, W, 3), BGR.
        index: its number in the source.
        name: the file it came from.
    """
    return Frame(Pixels(image=image), index, index, Fraction(1), time.monotonic(), name=name)


@dataclass(frozen=True)
class Area:
    """The part of a network's input that the frame fills, in shares of the input; the rest is a border.

    Attributes:
        left: its first column, 0..1.
        top: its first row, 0..1.
        width: more than 0, up to 1.
        height: more than 0, up to 1.
    """

    left: float = 0.0
    top: float = 0.0
    width: float = 1.0
    height: float = 1.0


WHOLE_INPUT = Area()
"""The frame fills the input."""


@dataclass(frozen=True)
class Scored:
    """A frame and what the network says of it.

    Attributes:
        frame: the frame as it was read.
        scores: float32 (classes, h, w), at the head's stride.
        area: the part of the network's input that the frame fills.
        align_corners: how the centres of the scores lie over the input, PyTorch's word.
        class_names: the name behind each class number.
        made_by: network and engine in words, such as `deeplabv3_lite on openvino:cpu:float32`.
        inference_ms: milliseconds the network took; those of the last frame that was inferred where this one was not.
        origin: whether the scores are the network's for this very frame, or those of an earlier one, carried along the
            motion or kept as they were.
        stream: which run of frames through one network and engine it belongs to; another number after a switch.
    """

    frame: Frame
    scores: Scores
    _: KW_ONLY
    area: Area
    align_corners: bool
    class_names: tuple[str, ...]
    made_by: str
    inference_ms: float
    origin: Origin = "inferred"
    stream: int = 0


@dataclass(frozen=True)
class Painted:
    """A frame, its labels and the picture made of both: what sinks are given.

    Attributes:
        frame: the frame as it was read.
        labels: uint8 (H, W) at the frame's size.
        pixels: the painted picture; wider than the frame where the style is side by side.
        class_names: the name behind each label.
    """

    frame: Frame
    labels: Labels
    pixels: Pixels
    class_names: tuple[str, ...]

    @property
    def picture(self) -> Image:
        """uint8 (H', W', 3), BGR; not to be written into."""
        return self.pixels.image


@dataclass(frozen=True)
class Span:
    """Where in time the frames of a source lie, in seconds as `Frame.time_s` counts.

    Attributes:
        begin: the time of its first frame.
        end: when its last frame is over; None where nobody knows.
    """

    begin: Fraction
    end: Fraction | None


@dataclass(frozen=True)
class SourceInfo:
    """What is known of a source before its first frame.

    Attributes:
        name: what the user is told, such as `camera 0` or a file name.
        size: width and height in pixels of an upright frame; pictures may differ from one to the next.
        frame_rate: frames a second, exact; None where there is none (pictures).
        frame_count: how many frames will come, as well as the container knows; None for a live source.
        live: frames come at their own pace and are lost when nobody takes them.
        time_base: the unit of each frame's pts, in seconds.
        path: the file itself, None where there is none.
        tracks: the file has sound or subtitles that an output can carry along.
        span: where one may seek; None for a source that has no other place to go to.
        names: of pictures, the names of all frames in order, also of those that cannot be read; else empty.
        sound: what of a live source can be heard; None for one that never has sound.
    """

    name: str
    size: Size
    _: KW_ONLY
    frame_rate: Fraction | None
    frame_count: int | None
    live: bool
    time_base: Fraction
    path: Path | None = None
    tracks: bool = False
    span: Span | None = None
    names: tuple[str, ...] = ()
    sound: LiveSound | None = field(default=None, compare=False)

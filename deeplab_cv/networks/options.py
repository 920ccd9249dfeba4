"""Which network is run, and what is said of one that has no card."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from deeplab_cv.frames.size import Size, stated_size
from deeplab_cv.options import Options, option


def _parse_numbers(value: object) -> object:
    numbers = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(numbers, list | tuple) or len(numbers) != 3:
        raise ValueError("three numbers are written 127.5,127.5,127.5")
    return numbers


_Mean = Annotated[float, Field(ge=-1000, le=1000)]
_Deviation = Annotated[float, Field(ge=0.001, le=1000)]

Means = Annotated[tuple[_Mean, _Mean, _Mean], BeforeValidator(_parse_numbers)]
"""What is taken off a picture's three channels."""

Deviations = Annotated[tuple[_Deviation, _Deviation, _Deviation], BeforeValidator(_parse_numbers)]
"""What the three channels are then divided by."""


class NetworkOptions(Options):
    """Which network is run, and what is said of one that has no card."""

    # fmt: off
    model: str | None = option(None, "network file (.onnx); without it the one in models/")
    classes: str | None = option(None, "for a network without a card: voc, or a file with one class name a line")
    mean: Means | None = option(None, "for a network without a card: mean per channel, 0..255")
    std: Deviations | None = option(None, "for a network without a card: standard deviation per channel, 0..255")
    order: Literal["rgb", "bgr"] = option("rgb", "for a network without a card: order of its colour channels")
    size: str | None = option(None, "for a network without a card and without a fixed size: WxH", "px", pattern=r"^\d+x\d+$")
    align_corners: bool = option(False, "for a network without a card: its scores are upsampled with aligned corners")
    # fmt: on

    @property
    def input_size(self) -> Size | None:
        """The size of the input in pixels, where it is said. Raises UsageError for a side of 0."""
        return None if self.size is None else stated_size(self.size, "--size")

    @property
    def says_what_a_card_says(self) -> bool:
        """Something is said that a card would say, and not what holds anyway."""
        classes = None if self.classes == "voc" else self.classes
        return self.model_copy(update={"model": None, "classes": classes}) != NetworkOptions()

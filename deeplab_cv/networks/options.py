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


_UNCARDED = "for a network without a card"


class NetworkOptions(Options):
    """Which network is run, and what is said of one that has no card."""

    # fmt: off
    model: str | None = option(None, "network file (.onnx); without it the one in models/", metavar="FILE|NAME")
    classes: str | None = option(None, "voc, or a file with one class name a line", metavar="voc|FILE", heading=_UNCARDED)
    mean: Means | None = option(None, "mean per channel, 0..255", metavar="R,G,B", heading=_UNCARDED)
    std: Deviations | None = option(None, "standard deviation per channel, 0..255", metavar="R,G,B", heading=_UNCARDED)
    order: Literal["rgb", "bgr"] = option("rgb", "order of its colour channels", heading=_UNCARDED)
    size: str | None = option(None, "the input's size, where the file leaves it open", "px", pattern=r"^\d+x\d+$", metavar="WxH", heading=_UNCARDED)
    align_corners: bool = option(False, "its scores are upsampled with aligned corners", heading=_UNCARDED)
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

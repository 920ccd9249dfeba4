"""How large a picture is."""

import re
from typing import TYPE_CHECKING, NamedTuple

from deeplab_cv.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Size(NamedTuple):
    """Width and height in this order: OpenCV takes it as it is.

    Attributes:
        width: in pixels.
        height: in pixels.
    """

    width: int
    height: int

    @property
    def hw(self) -> tuple[int, int]:
        """Height and width, the order of an array's axes."""
        return self.height, self.width

    @classmethod
    def of(cls, picture: "NDArray[np.generic]") -> "Size":
        """The size of an array (H, W) or (H, W, channels)."""
        return cls(picture.shape[1], picture.shape[0])

    @classmethod
    def parse(cls, text: str) -> "Size":
        """The size that a text such as `1280x720` states.

        Raises:
            ValueError: The text is not of this form, or a side is 0.
        """
        if not re.fullmatch(r"[1-9][0-9]*x[1-9][0-9]*", text):
            raise ValueError(f"not a size: {text!r}; write WIDTHxHEIGHT, such as 1280x720")
        width, height = text.split("x")
        return cls(int(width), int(height))

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


def stated_size(text: str, flag: str) -> Size:
    """The size that a flag of the command line states, such as `--size 1280x720`. Raises UsageError."""
    try:
        return Size.parse(text)
    except ValueError:
        raise UsageError("expected WIDTHxHEIGHT", f"{flag} {text}", f"such as {flag} 512x512") from None

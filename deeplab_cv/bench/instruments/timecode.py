"""A time written into a picture as black and white squares, and read back from wherever the picture is shown."""

import numpy as np

from deeplab_cv.frame import Image

SQUARE = 12
"""Side of a square in pixels of the picture."""

_MARK = (1, 0, 1, 1, 0, 0, 1, 0)
_BITS = 24
_CHECK_BITS = 6
_BRIGHT = 106
"""Between black under half a red, green or blue and white under the same."""

_LENGTH = len(_MARK) + _BITS + _CHECK_BITS
PERIOD_MS = 1 << _BITS
"""The time begins again at 0 after so many milliseconds."""

Place = tuple[int, int]
"""Left and top of a timecode in pixels."""


def stamp(image: Image, time_ms: int) -> None:
    """Write a time into the lower left corner of a picture.

    image: uint8 (H, W, 3), at least 456 pixels wide, written into; time_ms: milliseconds, counted modulo PERIOD_MS.
    """
    if image.shape[1] < _LENGTH * SQUARE:
        raise ValueError(f"expected a picture at least {_LENGTH * SQUARE} pixels wide, got {image.shape[1]}")
    squares = np.array(_squares(time_ms), np.uint8) * 255
    image[-2 * SQUARE : -SQUARE, : _LENGTH * SQUARE] = np.repeat(squares, SQUARE)[None, :, None]


def find(pixels: Image) -> Place | None:
    """Where a timecode is shown, unscaled, in pixels (uint8 (H, W, 3 or more)); None where there is none."""
    bright = _bright(pixels)
    length = _LENGTH * SQUARE
    for top in range(0, pixels.shape[0] - SQUARE // 2, SQUARE // 2):
        edges = np.flatnonzero(np.diff(bright[top].astype(np.int8))) + 1
        # The mark begins with white beside a black border, or at the very edge.
        for left in (0, *edges.tolist()):
            if left + length <= bright.shape[1] and read(pixels, (left, top)) is not None:
                first = top
                while first > 0 and top - first < SQUARE and read(pixels, (left, first - 1)) is not None:
                    first -= 1
                return left, first + SQUARE // 2
    return None


def read(pixels: Image, place: Place) -> int | None:
    """The time in milliseconds that is shown at a place `find` gave; None where the squares do not fit together.

    A class painted over the squares with half its opacity does not hide them.
    """
    left, row = place
    centres = left + SQUARE // 2 + SQUARE * np.arange(_LENGTH)
    if row >= pixels.shape[0] or centres[-1] >= pixels.shape[1]:
        return None
    bits = _bright(pixels[row, centres][None])[0].tolist()
    values = bits[len(_MARK) : len(_MARK) + _BITS]
    time_ms = sum(bit << place for place, bit in enumerate(values))
    return time_ms if tuple(bits) == _squares(time_ms) else None


def _squares(time_ms: int) -> tuple[int, ...]:
    values = [time_ms >> place & 1 for place in range(_BITS)]
    # Each sum is over every sixth bit and one: a picture torn in the middle fits none.
    checks = [(1 + sum(values[start::_CHECK_BITS])) % 2 for start in range(_CHECK_BITS)]
    return (*_MARK, *values, *checks)


def _bright(pixels: Image) -> Image:
    return np.asarray(pixels[..., :3].sum(axis=-1, dtype=np.uint16) > 3 * _BRIGHT, np.uint8)

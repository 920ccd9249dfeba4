"""A time written into a picture as black and white squares, and read back from wherever the picture is shown."""

import numpy as np

from deeplab_cv.frames.pixels import Image

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

    Args:
        image: uint8 (H, W, 3), at least 456 pixels wide, written into.
        time_ms: milliseconds, counted modulo PERIOD_MS.
    """
    if image.shape[1] < _LENGTH * SQUARE:
        raise ValueError(f"expected a picture at least {_LENGTH * SQUARE} pixels wide, got {image.shape[1]}")
    squares = np.array(_squares(time_ms), np.uint8) * 255
    image[-2 * SQUARE : -SQUARE, : _LENGTH * SQUARE] = np.repeat(squares, SQUARE)[None, :, None]


def find(pixels: Image) -> Place | None:
    """Where a timecode is shown, unscaled, in pixels (uint8 (H, W, 3 or more)); None where there is none."""
    marks = SQUARE // 2 + SQUARE * np.arange(len(_MARK))
    for row in range(0, pixels.shape[0], SQUARE // 2):
        bright = _bright(pixels[row])
        lefts = np.arange(bright.size - _LENGTH * SQUARE + 1)
        marked = lefts[(bright[lefts[:, None] + marks] == _MARK).all(axis=1)] if lefts.size else lefts
        fitting = [left for left in marked.tolist() if _fits(pixels, left, row)]
        if fitting:
            # Any column of the squares will do for reading; the middle one stands a window that moves by a little.
            return fitting[len(fitting) // 2], row
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
    time_ms = sum(bit << number for number, bit in enumerate(bits[len(_MARK) : len(_MARK) + _BITS]))
    return time_ms if tuple(bits) == _squares(time_ms) else None


def _fits(pixels: Image, left: int, row: int) -> bool:
    """Whether the same time is shown over the height of a square, no more and no less, as in hardly a picture."""
    time_ms = read(pixels, (left, row))
    around = range(max(0, row - SQUARE), row + SQUARE + 1)
    return time_ms is not None and sum(read(pixels, (left, each)) == time_ms for each in around) == SQUARE


def _squares(time_ms: int) -> tuple[int, ...]:
    values = [time_ms >> number & 1 for number in range(_BITS)]
    # Each sum is over every sixth bit and one: a picture torn in the middle fits none.
    checks = [(1 + sum(values[start::_CHECK_BITS])) % 2 for start in range(_CHECK_BITS)]
    return (*_MARK, *values, *checks)


def _bright(pixels: Image) -> Image:
    return np.asarray(pixels[..., :3].sum(axis=-1, dtype=np.uint16) > 3 * _BRIGHT, np.uint8)

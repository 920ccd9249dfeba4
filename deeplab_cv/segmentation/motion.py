"""How a picture changes from one frame to another, seen at the size of the network's scores or a little above."""

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.frames.frame import Area
from deeplab_cv.frames.pixels import Image, Pixels, Plane, resize, to_grey
from deeplab_cv.frames.size import Size

Changes = NDArray[np.float32]
"""How much the picture changed in each cell of a grid: float32 (h, w), 0..255."""

CUT = 30.0
"""Mean change that makes another scene of a picture."""


def thumbnail_of(image: Image, area: Area, size: Size) -> Image:
    """The frame as the network's input shows it, borders black, at a small size.

    Args:
        image: uint8 (H, W, 3).
        area: the part of the input that the frame fills.
        size: how large it is made.

    Returns:
        uint8 (height, width, 3).
    """
    thumbnail: Image = np.zeros((*size.hw, 3), np.uint8)
    inside = thumbnail[_filled(area, size)]
    inside[:] = _shrunk(image, Size.of(inside))
    return thumbnail


def brightness_of(pixels: Pixels, area: Area, size: Size) -> Plane:
    """The brightness of the frame as the network's input shows it, borders black, at a small size: uint8 (h, w).

    A video's own brightness is taken where the picture is in that form: it need not be made BGR for this.

    Args:
        pixels: the frame's picture.
        area: the part of the input that the frame fills.
        size: how large it is made.
    """
    brightness: Plane = np.zeros(size.hw, np.uint8)
    inside = brightness[_filled(area, size)]
    planes = pixels.planes
    if planes is None:
        inside[:] = to_grey(_shrunk(pixels.image, Size.of(inside)))
    else:
        inside[:] = _shrunk(planes.y, Size.of(inside))
    return brightness


def changes_between(thumbnail: Image, before: Image, pixels_per_cell: int) -> Changes:
    """The greatest change of any colour, averaged over cells of pixels: float32 (h, w)."""
    blue, green, red = cv2.split(cv2.absdiff(thumbnail, before))
    change = cv2.max(cv2.max(blue, green), red).astype(np.float32)
    cells = Size(thumbnail.shape[1] // pixels_per_cell, thumbnail.shape[0] // pixels_per_cell)
    return resize(change, cells, cv2.INTER_AREA)


def _filled(area: Area, size: Size) -> tuple[slice, slice]:
    """Rows and columns that an area fills of a picture of that size: at least one of each."""
    columns, rows = size
    left, right = round(area.left * columns), round((area.left + area.width) * columns)
    top, bottom = round(area.top * rows), round((area.top + area.height) * rows)
    return slice(min(top, rows - 1), max(bottom, top + 1)), slice(min(left, columns - 1), max(right, left + 1))


def _shrunk(image: Plane, size: Size) -> Plane:
    """A smaller picture or plane, halved as far as that goes: several times faster than INTER_AREA by an odd factor."""
    width, height = Size.of(image)
    while width >= 2 * size.width and height >= 2 * size.height:
        width, height = width // 2, height // 2
        image = resize(image, Size(width, height), cv2.INTER_AREA)
    return resize(image, size)

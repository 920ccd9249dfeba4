"""Labels painted over a picture, in the style a look asks for."""

from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.classes import RGB
from deeplab_cv.frames.frame import Labels
from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.overlay.look import Look

# Follows the picture's height, so that the style looks alike at every size.
_LINES_PER_HEIGHT = 240

Box = tuple[slice, slice]
"""The rows and columns of a part of a picture."""


def paint(image: Image, labels: Labels, look: Look) -> Image:
    """The picture in the look's style: blend, mask, outline or side-by-side.

    Args:
        image: uint8 (H, W, 3), BGR, never written into.
        labels: uint8 (H, W).
        look: which classes are painted, and how.

    Returns:
        uint8 (H, W, 3), BGR, twice as wide in style side-by-side. Styles blend and outline return the very same array
        where nothing is painted, so the result is not to be written into either.
    """
    if image.shape != (*labels.shape, 3):
        raise ValueError(f"expected a picture and labels of one size, got {image.shape} and {labels.shape}")
    return _PAINTERS[look.style](image, labels, look)


def _blend(image: Image, labels: Labels, look: Look) -> Image:
    found = list(found_classes(labels, look))
    picture = image.copy() if found else image
    for colour, mask, box in found:
        under = image[box]
        mixed = _solid(under, colour)
        cv2.addWeighted(under, 1 - look.alpha, mixed, look.alpha, 0, dst=mixed)
        cv2.copyTo(mixed, mask, picture[box])
    return picture


def _mask(image: Image, labels: Labels, look: Look) -> Image:
    palette = np.zeros((256, 1, 3), np.uint8)
    for label, colour in look.colours.items():
        palette[label, 0] = colour[::-1]
    return np.asarray(cv2.applyColorMap(labels, palette), np.uint8)


def _outline(image: Image, labels: Labels, look: Look) -> Image:
    thickness = max(1, round(image.shape[0] / _LINES_PER_HEIGHT))
    found = list(found_classes(labels, look, margin=thickness))
    picture = image.copy() if found else image
    for colour, mask, box in found:
        inside = cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=thickness)
        cv2.copyTo(_solid(picture[box], colour), cv2.subtract(mask, inside), picture[box])
    return picture


def _side_by_side(image: Image, labels: Labels, look: Look) -> Image:
    return np.asarray(cv2.hconcat([image, _blend(image, labels, look)]), np.uint8)


_PAINTERS: dict[str, Callable[[Image, Labels, Look], Image]] = {
    "blend": _blend,
    "mask": _mask,
    "outline": _outline,
    "side-by-side": _side_by_side,
}


def found_classes(labels: Labels, look: Look, margin: int = 0) -> Iterator[tuple[RGB, Labels, Box]]:
    """Colour, mask (uint8, 0 or 1) and box of each painted class that is in the picture.

    The mask is that of the box, which is the smallest around the class, wider by a margin on all sides, that begins and
    ends with whole pairs of rows and columns: those share a sample of colour in a video's planes.
    """
    # Most of most pictures is background: only what is not is looked through for each class.
    row_greatest = labels.max(axis=1)
    around = _not_zero(labels, row_greatest) if 0 not in look.colours else (0, 0, *Size.of(labels))
    rows, columns = _box_of(around, margin)
    last = row_greatest.max()
    for label, colour in look.colours.items():
        if label > last:
            continue
        mask = (labels[rows, columns] == label).view(np.uint8)
        if cv2.hasNonZero(mask):
            y, x = _box_of(cv2.boundingRect(mask), margin)
            box = (
                slice(rows.start + y.start, rows.start + y.stop),
                slice(columns.start + x.start, columns.start + x.stop),
            )
            yield colour, mask[y, x], box


def _not_zero(labels: Labels, row_greatest: NDArray[np.uint8]) -> Sequence[int]:
    """What cv2.boundingRect gives, in half its time: left, top, width, height of all that is not 0."""
    rows = np.flatnonzero(row_greatest)
    if not len(rows):
        return 0, 0, 0, 0
    columns = np.flatnonzero(labels[rows[0] : rows[-1] + 1].max(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1


def _box_of(rectangle: Sequence[int], margin: int) -> Box:
    """The rows and columns of a rectangle (left, top, width, height), wider by a margin, in whole pairs."""
    left, top, width, height = rectangle
    return _pairs(top - margin, top + height + margin), _pairs(left - margin, left + width + margin)


def _pairs(start: int, stop: int) -> slice:
    return slice(max(0, start) // 2 * 2, (stop + 1) // 2 * 2)


def _solid(like: Image, colour: RGB) -> Image:
    """A picture of one colour, of the same size as another."""
    solid = np.empty_like(like)
    # Whole rows at a time: NumPy fills pixel by pixel fifteen times slower.
    solid[:] = np.tile(np.array(colour[::-1], np.uint8), (like.shape[1], 1))
    return solid

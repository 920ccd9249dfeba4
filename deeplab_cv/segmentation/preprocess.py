"""Frame -> tensor: one implementation, the same bits for every engine."""

from dataclasses import dataclass

import cv2
import numpy as np

from deeplab_cv.engines.engine import Blob
from deeplab_cv.frames.frame import Area
from deeplab_cv.frames.pixels import Image, Pixels, resized
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import InputFacts, Shape


@dataclass(frozen=True)
class _Box:
    """Where the frame lies in the input, in whole pixels."""

    left: int
    top: int
    width: int
    height: int


def filled_area(size: Size, shape: Shape, facts: InputFacts) -> Area:
    """Where a frame of a given size lies in the input: everywhere when stretched, in the middle when letterboxed."""
    box = _box(size, shape, facts)
    height, width = shape
    return Area(box.left / width, box.top / height, box.width / width, box.height / height)


def blob_of(picture: Image | Pixels, shape: Shape, facts: InputFacts, into: Blob | None = None) -> Blob:
    """The network's input for a picture.

    Args:
        picture: uint8 (H, W, 3), BGR, or a picture as it came.
        shape: height and width of the input in pixels.
        facts: the card's word on mean, std, channel order and fit.
        into: a tensor of that shape to write over, so that no memory is asked for; a new one is made without it.

    Returns:
        float32 (1, 3, height, width).
    """
    height, width = shape
    pixels = picture if isinstance(picture, Pixels) else Pixels(image=picture)
    box = _box(pixels.size, shape, facts)
    image = resized(pixels, Size(box.width, box.height))
    if (box.width, box.height) != (width, height):
        # Padding is put round the picture before its channels are swapped.
        padding = facts.mean or facts.padding
        bordered = cv2.copyMakeBorder(
            image,
            box.top,
            height - box.top - box.height,
            box.left,
            width - box.left - box.width,
            cv2.BORDER_CONSTANT,
            value=padding[::-1] if facts.order == "rgb" else padding,
        )
        image = np.asarray(bordered, np.uint8)
    parameters = cv2.dnn.Image2BlobParams()
    parameters.size = (width, height)
    parameters.swapRB = facts.order == "rgb"
    parameters.mean = facts.mean or (0, 0, 0)
    parameters.scalefactor = tuple(1 / value for value in facts.std or (1, 1, 1))
    return np.asarray(cv2.dnn.blobFromImageWithParams(image, into, parameters), np.float32)


def _box(size: Size, shape: Shape, facts: InputFacts) -> _Box:
    height, width = shape
    if facts.fit == "stretch":
        return _Box(0, 0, width, height)
    factor = min(width / size.width, height / size.height)
    inner_width = min(width, max(1, round(size.width * factor)))
    inner_height = min(height, max(1, round(size.height * factor)))
    return _Box((width - inner_width) // 2, (height - inner_height) // 2, inner_width, inner_height)

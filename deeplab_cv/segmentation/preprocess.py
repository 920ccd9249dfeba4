"""Frame -> tensor: one implementation, the same bits for every engine."""

from dataclasses import dataclass

import cv2
import numpy as np

from deeplab_cv.engines.engine import Blob
from deeplab_cv.frames.frame import Area
from deeplab_cv.frames.pixels import Image, Pixels, resized
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import InputFacts


@dataclass(frozen=True)
class _Box:
    """Where the frame lies in the input, in whole pixels."""

    left: int
    top: int
    width: int
    height: int


def filled_area(size: Size, input_size: Size, facts: InputFacts) -> Area:
    """Where a frame of a given size lies in the input: everywhere when stretched, in the middle when letterboxed."""
    box = _box(size, input_size, facts)
    width, height = input_size
    return Area(box.left / width, box.top / height, box.width / width, box.height / height)


def blob_of(picture: Image | Pixels, input_size: Size, facts: InputFacts, into: Blob | None = None) -> Blob:
    """The network's input for a picture.

    Args:
        picture: uint8 (H, W, 3), BGR, or a picture as it came.
        input_size: width and height of the network's input in pixels.
        facts: the card's word on mean, std, channel order and fit.
        into: a tensor of that size to write over, so that no memory is asked for; a new one is made without it.

    Returns:
        float32 (1, 3, height, width).
    """
    width, height = input_size
    pixels = picture if isinstance(picture, Pixels) else Pixels(image=picture)
    box = _box(pixels.size, input_size, facts)
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
    parameters.size = input_size
    parameters.swapRB = facts.order == "rgb"
    parameters.mean = facts.mean or (0, 0, 0)
    parameters.scalefactor = tuple(1 / value for value in facts.std or (1, 1, 1))
    return np.asarray(cv2.dnn.blobFromImageWithParams(image, into, parameters), np.float32)


def _box(size: Size, input_size: Size, facts: InputFacts) -> _Box:
    width, height = input_size
    if facts.fit == "stretch":
        return _Box(0, 0, width, height)
    factor = min(width / size.width, height / size.height)
    inner_width = min(width, max(1, round(size.width * factor)))
    inner_height = min(height, max(1, round(size.height * factor)))
    return _Box((width - inner_width) // 2, (height - inner_height) // 2, inner_width, inner_height)

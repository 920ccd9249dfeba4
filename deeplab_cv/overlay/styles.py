"""Labels painted over a picture, in the style a look asks for."""

import cv2
import numpy as np

from deeplab_cv.frame import Image, Labels
from deeplab_cv.overlay.look import Look


def paint(image: Image, labels: Labels, look: Look) -> Image:
    """The picture in the look's style.

    image: uint8 (H, W, 3), BGR, never written into; labels: uint8 (H, W). Where nothing is painted the very same array
    is returned, so nobody may write into the result.
    """
    if not look.colours:
        return image
    palette = np.zeros((256, 1, 3), np.uint8)
    for label, colour in look.colours.items():
        palette[label, 0] = colour[::-1]
    painted = np.zeros((256, 1), np.uint8)
    painted[list(look.colours)] = 255
    colours = cv2.LUT(cv2.merge([labels] * 3), palette)
    picture: Image = image.copy()
    cv2.copyTo(cv2.addWeighted(image, 1 - look.alpha, colours, look.alpha, 0), cv2.LUT(labels, painted), picture)
    return picture

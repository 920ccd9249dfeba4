"""The site's icon: a person in red, as the program paints people."""

import cv2
import numpy as np

from deeplab_cv.frames.pixels import Image, resize
from deeplab_cv.frames.size import Size

ICON_SIDES = (192, 512)

_SIDE = 1024
_GROUND = (28, 24, 21)
_RED = (46, 16, 200)
_LIGHT = (245, 243, 241)


def draw_icon(side: int) -> Image:
    """The icon: uint8 (side, side, 3), BGR."""
    icon = np.full((_SIDE, _SIDE, 3), _GROUND, np.uint8)
    cv2.ellipse(icon, (512, 900), (300, 360), 0, 180, 360, _RED, -1, cv2.LINE_AA)
    cv2.circle(icon, (512, 360), 170, _RED, -1, cv2.LINE_AA)
    # The corners of a view finder.
    for x, y in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        corner = (512 + 400 * x, 512 + 400 * y)
        for end in ((corner[0] - 140 * x, corner[1]), (corner[0], corner[1] - 140 * y)):
            cv2.line(icon, corner, end, _LIGHT, 36, cv2.LINE_AA)
    return resize(icon, Size(side, side), cv2.INTER_AREA)

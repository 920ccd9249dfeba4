"""Painted classes as the camera saw them, and something else in place of all the rest."""

from functools import lru_cache

import cv2
import numpy as np

from deeplab_cv.frames.pixels import Image, Plane, resize
from deeplab_cv.frames.size import Size

# Sizes follow the picture's height, so that a background looks alike at every size.
_SQUARES_PER_HEIGHT = 45
_BLURRED_HEIGHT = 90
_BLUR_SIGMA = 2.5


def put_before(image: Image, background: Image, opacity: Plane) -> Image:
    """The picture where it is opaque, the background where it is not, mixed between.

    Args:
        image: uint8 (H, W, 3), BGR, never written into.
        background: of the same form.
        opacity: uint8 (H, W).
    """
    picture: Image = background.copy()
    cv2.copyTo(image, cv2.inRange(opacity, 255, 255), picture)
    edge = np.flatnonzero((opacity > 0) & (opacity < 255))
    share = opacity.reshape(-1, 1)[edge] / np.float32(255)
    mixed = image.reshape(-1, 3)[edge] * share + background.reshape(-1, 3)[edge] * (1 - share)
    picture.reshape(-1, 3)[edge] = np.rint(mixed)
    return picture


def blurred(image: Image, opacity: Plane) -> Image:
    """What lies behind the opaque parts of the picture, blurred: uint8 (H, W, 3), BGR."""
    small, behind = image, np.asarray(cv2.bitwise_not(opacity), np.uint8)
    while small.shape[0] > _BLURRED_HEIGHT:
        small, behind = _half(small), _half(behind)
    # Only what lies behind is blurred, by its own weight, so that the foreground leaves no glow around itself.
    weight = cv2.merge([behind.astype(np.float32) + 1] * 3)
    weighted = cv2.multiply(small.astype(np.float32), weight)
    mean = cv2.divide(cv2.GaussianBlur(weighted, (0, 0), _BLUR_SIGMA), cv2.GaussianBlur(weight, (0, 0), _BLUR_SIGMA))
    return np.asarray(cv2.resize(cv2.convertScaleAbs(mean), Size.of(image), interpolation=cv2.INTER_LINEAR), np.uint8)


def cut_out(image: Image, opacity: Plane) -> Image:
    """The picture with its opacity: uint8 (H, W, 4), BGRA, black where nothing is seen, so that nothing is hidden."""
    seen = cv2.copyTo(image, opacity)
    return np.asarray(cv2.merge([*cv2.split(seen), opacity]), np.uint8)


def over_checkerboard(transparent: Image) -> Image:
    """A picture with its opacity, uint8 (H, W, 4), BGRA, as programs show what is transparent: (H, W, 3), BGR."""
    image = np.asarray(cv2.cvtColor(transparent, cv2.COLOR_BGRA2BGR), np.uint8)
    return put_before(image, _checkerboard(Size.of(image)), np.asarray(cv2.extractChannel(transparent, 3), np.uint8))


def _half(picture: Image) -> Image:
    half = Size((picture.shape[1] + 1) // 2, (picture.shape[0] + 1) // 2)
    return resize(picture, half, cv2.INTER_AREA)


@lru_cache(maxsize=2)
def _checkerboard(size: Size) -> Image:
    width, height = size
    side = max(1, height // _SQUARES_PER_HEIGHT)
    light = (np.arange(height)[:, None] // side + np.arange(width) // side) % 2 == 0
    grey = np.where(light, 255, 204).astype(np.uint8)
    return np.asarray(cv2.merge([grey] * 3), np.uint8)

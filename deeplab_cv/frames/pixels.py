"""Pictures in the form they came in, BGR or a video's own YUV planes, and in the other form only where it is asked for.

A file job that blends paint into a video needs no BGR at all: the network sees the planes scaled down, the paint goes
onto the planes, and what is not painted reaches the encoder bit for bit as the decoder gave it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture: uint8 (H, W, 3), BGR unless the name says otherwise."""

Plane = NDArray[np.uint8]
"""One plane of a picture: uint8 (H, W)."""


@dataclass(frozen=True)
class Matrix:
    """What turns RGB into YUV: the shares of red and blue in luma (ITU-R BT.601, BT.709), limited range."""

    red: float
    blue: float

    @cached_property
    def from_rgb(self) -> NDArray[np.float64]:
        """float64 (3, 4): takes (R, G, B, 1), 0..255, to Y 16..235, U and V 16..240."""
        luma = np.array([self.red, 1 - self.red - self.blue, self.blue])
        blueness = (np.array([0, 0, 1]) - luma) / (2 - 2 * self.blue)
        redness = (np.array([1, 0, 0]) - luma) / (2 - 2 * self.red)
        scaled = np.stack([luma * 219, blueness * 224, redness * 224]) / 255
        return np.hstack([scaled, [[16], [128], [128]]])

    @cached_property
    def to_bgr(self) -> NDArray[np.float64]:
        """float64 (3, 4): takes (Y, U, V, 1) to B, G, R, 0..255."""
        inverse = np.linalg.inv(self.from_rgb[:, :3])[::-1]
        return np.hstack([inverse, -inverse @ self.from_rgb[:, 3:]])


BT601 = Matrix(0.299, 0.114)
BT709 = Matrix(0.2126, 0.0722)


def assumed_matrix(size_wh: tuple[int, int]) -> Matrix:
    """What players take where a file says nothing: BT.709 for HD, BT.601 for SD."""
    return BT709 if size_wh[0] >= 1280 or size_wh[1] > 576 else BT601


@dataclass(frozen=True)
class Planes:
    """A picture as most video holds it: 8-bit YUV 4:2:0, limited range.

    Attributes:
        y: uint8 (H, W), H and W even.
        u, v: uint8 (H / 2, W / 2).
        matrix: how they were made from RGB.
    """

    y: Plane
    u: Plane
    v: Plane
    matrix: Matrix

    def flipped(self) -> "Planes":
        """The picture with left and right exchanged."""
        y, u, v = (np.asarray(cv2.flip(plane, 1), np.uint8) for plane in (self.y, self.u, self.v))
        return Planes(y, u, v, self.matrix)

    def resized(self, size_wh: tuple[int, int]) -> Image:
        """The picture at another size, made without its full BGR form: uint8 (height, width, 3), BGR."""
        planes = [cv2.resize(plane, size_wh, interpolation=cv2.INTER_LINEAR) for plane in (self.y, self.u, self.v)]
        return np.asarray(cv2.transform(cv2.merge(planes), self.matrix.to_bgr), np.uint8)


class Pixels:
    """A picture in one or two forms, each made once, when it is first asked for."""

    def __init__(self, make_image: Callable[[], Image], make_planes: Callable[[], Planes] | None = None) -> None:
        self._make_image = make_image
        self._make_planes = make_planes

    @cached_property
    def image(self) -> Image:
        """uint8 (H, W, 3), BGR; nobody writes into it."""
        return self._make_image()

    @cached_property
    def planes(self) -> Planes | None:
        """The same picture as planes; None where it was never in that form. Nobody writes into them."""
        return self._make_planes() if self._make_planes is not None else None

    def make(self) -> None:
        """Make the form the picture came in now: planes where there are any, else BGR."""
        if self.planes is None:
            _ = self.image

    def flipped(self) -> "Pixels":
        """The picture with left and right exchanged."""
        planes = self.planes
        return Pixels(lambda: np.asarray(cv2.flip(self.image, 1), np.uint8), None if planes is None else planes.flipped)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        picture = self.image if self.planes is None else self.planes.y
        return picture.shape[1], picture.shape[0]


def image_pixels(image: Image) -> Pixels:
    """A picture that came as BGR: uint8 (H, W, 3)."""
    return Pixels(lambda: image)


def resized(pixels: Pixels, size_wh: tuple[int, int]) -> Image:
    """A picture at another size, by the cheaper of its forms: uint8 (height, width, 3), BGR."""
    if pixels.planes is not None:
        return pixels.planes.resized(size_wh)
    if pixels.size_wh == size_wh:
        return pixels.image
    return np.asarray(cv2.resize(pixels.image, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)

"""Pictures in the form they came in, BGR or a video's own YUV planes, and in another form only where it is asked for.

A file job that blends paint into a video needs no BGR at all: the network sees the planes scaled down, the paint goes
onto the planes, and what is not painted reaches the encoder bit for bit as the decoder gave it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.frames.size import Size

Image = NDArray[np.uint8]
"""A picture: uint8 (H, W, 3), BGR unless the name says otherwise."""

Plane = NDArray[np.uint8]
"""One plane of a picture: uint8 (H, W)."""

DeepPlane = NDArray[np.uint16]
"""One plane of a picture with more than 8 bits a sample: uint16 (H, W)."""

Value = TypeVar("Value")
Number = TypeVar("Number", bound="np.integer[Any] | np.floating[Any]")


def resize(picture: NDArray[Number], size: Size, interpolation: int = cv2.INTER_LINEAR) -> NDArray[Number]:
    """A picture or plane at another size, in its own dtype; `interpolation` is one of OpenCV's."""
    return np.asarray(cv2.resize(picture, size, interpolation=interpolation), picture.dtype)


def fitted(picture: Image, area: Size) -> Image:
    """A copy of a picture in the middle of an area, as large as fits in: text over it is never scaled."""
    size = Size.of(picture)
    if size == area:
        return np.array(picture)
    scale = min(area.width / size.width, area.height / size.height)
    inner = Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))
    left, top = (area.width - inner.width) // 2, (area.height - inner.height) // 2
    canvas: Image = np.zeros((*area.hw, 3), np.uint8)
    scaled = resize(picture, inner, cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas[top : top + inner.height, left : left + inner.width] = scaled
    return canvas


def flip(picture: NDArray[Number], code: int = 1) -> NDArray[Number]:
    """A picture or plane flipped by OpenCV's code: 1 exchanges left and right, 0 above and below, -1 both."""
    return np.asarray(cv2.flip(picture, code), picture.dtype)


def to_rgb(picture_bgr: Image) -> Image:
    """uint8 (H, W, 3), BGR, in RGB."""
    return np.asarray(cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2RGB), np.uint8)


def to_bgr(picture_rgb: Image) -> Image:
    """uint8 (H, W, 3), RGB, in BGR."""
    return np.asarray(cv2.cvtColor(picture_rgb, cv2.COLOR_RGB2BGR), np.uint8)


def to_grey(picture_bgr: Image) -> Plane:
    """The brightness of uint8 (H, W, 3), BGR: uint8 (H, W)."""
    return np.asarray(cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2GRAY), np.uint8)


def merged(*channels: Plane) -> Image:
    """Planes of one size as the channels of one picture: uint8 (H, W, channels)."""
    return np.asarray(cv2.merge(channels), np.uint8)


class StoredPlane(Protocol):
    """A plane of PyAV's: lines of samples, each as long in memory as the decoder or encoder likes it."""

    width: int
    height: int
    line_size: int

    def __buffer__(self, flags: int, /) -> memoryview: ...


def samples(stored: StoredPlane) -> Plane:
    """A plane of 8-bit samples where it lies in memory: uint8 (H, W)."""
    lines = np.frombuffer(memoryview(stored), np.uint8).reshape(stored.height, stored.line_size)
    return lines[:, : stored.width]


def deep_samples(stored: StoredPlane) -> DeepPlane:
    """A plane of samples of more than 8 bits where it lies in memory: uint16 (H, W)."""
    lines = np.frombuffer(memoryview(stored), np.uint16).reshape(stored.height, stored.line_size // 2)
    return lines[:, : stored.width]


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


def assumed_matrix(size: Size) -> Matrix:
    """What players take where a file says nothing: BT.709 for HD, BT.601 for SD."""
    return BT709 if size.width >= 1280 or size.height > 576 else BT601


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
        return Planes(flip(self.y), flip(self.u), flip(self.v), self.matrix)

    def resized(self, size: Size) -> Image:
        """The picture at another size, made without its full BGR form: uint8 (height, width, 3), BGR."""
        planes = merged(*(resize(plane, size) for plane in (self.y, self.u, self.v)))
        return np.asarray(cv2.transform(planes, self.matrix.to_bgr), np.uint8)


@dataclass(frozen=True)
class DeepPlanes:
    """A picture as HDR video and other video of 10 bits holds it: YUV 4:2:0, limited range.

    Attributes:
        y: uint16 (H, W), H and W even, up to 1023.
        u, v: uint16 (H / 2, W / 2).
        matrix: how they were made from RGB, FFmpeg's number.
    """

    y: DeepPlane
    u: DeepPlane
    v: DeepPlane
    matrix: int

    def flipped(self) -> "DeepPlanes":
        """The picture with left and right exchanged."""
        return DeepPlanes(flip(self.y), flip(self.u), flip(self.v), self.matrix)


class Once(Generic[Value]):
    """A value that is made when it is first asked for, and once only, whichever threads ask for it."""

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make: Callable[[], Value] | None = make
        # Of its own: functools.cached_property has one lock for every picture of the program before Python 3.12,
        # so that a frame's size would wait for another frame's paint, and no lock from then on.
        self._lock = threading.Lock()

    def __call__(self) -> Value:
        """The value."""
        with self._lock:
            if self._make is not None:
                self._value = self._make()
                self._make = None  # what the value was made of need not be kept for it
            return self._value


class Pixels:
    """A picture in one or more forms; a form that does not exist yet is made once, when it is first asked for."""

    def __init__(
        self,
        *,
        image: Image | Callable[[], Image],
        planes: Planes | Callable[[], Planes] | None = None,
        transparent: Callable[[], Image] | None = None,
        deep: DeepPlanes | None = None,
    ) -> None:
        """A picture that exists, or what makes it.

        Args:
            image: uint8 (H, W, 3), BGR.
            planes: the same picture as planes; None where it was never in that form.
            transparent: what makes the picture with its opacity, uint8 (H, W, 4), BGRA; `image` is it over a
                checkerboard then. None where it is opaque all over.
            deep: the same picture with 10 bits a sample; None where it never had them.
        """
        self.deep = deep
        self._image = Once(image) if callable(image) else image
        self._planes = Once(planes) if callable(planes) else planes
        self._transparent = None if transparent is None else Once(transparent)

    @property
    def image(self) -> Image:
        """uint8 (H, W, 3), BGR; nobody writes into it."""
        return self._image() if isinstance(self._image, Once) else self._image

    @property
    def transparent(self) -> Image | None:
        """uint8 (H, W, 4), BGRA; None where the picture is opaque all over. Nobody writes into it."""
        return None if self._transparent is None else self._transparent()

    @property
    def planes(self) -> Planes | None:
        """The same picture as planes; None where it was never in that form. Nobody writes into them."""
        return self._planes() if isinstance(self._planes, Once) else self._planes

    def make(self) -> None:
        """Make the form the picture came in now: transparent or planes where there are such, else BGR."""
        if self.transparent is None and self.planes is None:
            _ = self.image

    def flipped(self) -> "Pixels":
        """The picture with left and right exchanged."""
        planes = self.planes
        deep = None if self.deep is None else self.deep.flipped()
        return Pixels(image=lambda: flip(self.image), planes=None if planes is None else planes.flipped, deep=deep)

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        if self.transparent is not None:
            return Size.of(self.transparent)
        return Size.of(self.image if self.planes is None else self.planes.y)


def resized(pixels: Pixels, size: Size) -> Image:
    """A picture at another size, by the cheaper of its forms: uint8 (height, width, 3), BGR."""
    if pixels.planes is not None:
        return pixels.planes.resized(size)
    return pixels.image if pixels.size == size else resize(pixels.image, size)

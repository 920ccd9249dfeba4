"""How calm labels are in a video: where the picture only moves, a label that changes is flicker.

Each pixel is followed to the frame before by optical flow (Kroeger et al., "Fast optical flow using dense inverse
search", ECCV 2016, as OpenCV has it). Pixels that come into view are left out: those that the flow there and back does
not return to their place (Sundaram, Brox, Keutzer, "Dense point trajectories by GPU-accelerated large displacement
optical flow", ECCV 2010, section 3).
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from deeplab_cv.frames.frame import Labels
from deeplab_cv.frames.pixels import Image, Plane, to_grey
from deeplab_cv.frames.size import Size

MOST_ROWS = 360
"""Frames are compared at this height at most: flow at full size takes seconds a frame and finds no more flicker."""

Flow = npt.NDArray[np.float32]
PixelPath = tuple[Flow, npt.NDArray[np.bool_]]
"""Where each pixel was in the frame before, float32 (H, W, 2) of (x, y), and which can be trusted, bool (H, W)."""


@dataclass(frozen=True)
class Stability:
    """What became of the labels of all followed pixels.

    Attributes:
        followed: share of the pixels that could be followed to the frame before.
        flips: share of these whose label is another one than there.
        object_flips: share of flips among those that are something else than class 0 in one of the two frames; NaN
            where there is no such pixel.
    """

    followed: float
    flips: float
    object_flips: float


def compared_size(size: Size) -> Size:
    """The size at which frames of a given size are compared."""
    width, height = size
    rows = min(height, MOST_ROWS)
    return Size(max(1, round(width * rows / height)), rows)


class PixelFollower:
    """Follows the pixels of each frame to the frame before."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._grey: Plane | None = None

    def follow(self, image: Image) -> PixelPath | None:
        """The path of the pixels of the next frame, uint8 (H, W, 3) BGR, all of one size; None for the first."""
        before, now = self._grey, to_grey(image)
        self._grey = now
        if before is None:
            return None
        back = self._flow.calc(now, before, None)  # type: ignore[call-overload]
        forth = self._flow.calc(before, now, None)  # type: ignore[call-overload]
        height, width = now.shape
        rows, columns = np.mgrid[:height, :width].astype(np.float32)
        source = np.stack([columns + back[..., 0], rows + back[..., 1]], axis=-1)
        returned = cv2.remap(forth, source, None, cv2.INTER_LINEAR)  # type: ignore[call-overload]
        apart = ((back + returned) ** 2).sum(axis=-1)
        length = (back**2).sum(axis=-1) + (returned**2).sum(axis=-1)
        inside = (source >= 0).all(axis=-1) & (source[..., 0] <= width - 1) & (source[..., 1] <= height - 1)
        return source, inside & (apart <= 0.01 * length + 0.5)


def before(values: Plane, source: Flow) -> Plane:
    """What the frame before had where each pixel was: uint8 (H, W)."""
    return np.asarray(cv2.remap(values, source, None, cv2.INTER_NEAREST), np.uint8)  # type: ignore[call-overload]


class FlickerMeter:
    """Compares the labels of successive frames, several sets of them at a time."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._follower = PixelFollower()
        self._labels: dict[str, Labels] = {}
        self._pixels = self._followed = 0
        self._flips = dict.fromkeys(names, 0)
        self._objects = dict.fromkeys(names, 0)

    def add(self, image: Image, labels: dict[str, Labels]) -> None:
        """Take the next frame: image uint8 (H, W, 3) BGR and, by name, labels uint8 (H, W) of the same size."""
        path = self._follower.follow(image)
        if path is not None:
            source, followed = path
            self._pixels += followed.size
            self._followed += int(followed.sum())
            for name, now in labels.items():
                then = before(self._labels[name], source)
                self._flips[name] += int(((now != then) & followed).sum())
                self._objects[name] += int((((now != 0) | (then != 0)) & followed).sum())
        self._labels = labels

    def stability(self, name: str) -> Stability:
        """The figures of one set of labels over all frames so far."""
        return Stability(
            self._followed / max(1, self._pixels),
            self._flips[name] / max(1, self._followed),
            self._flips[name] / self._objects[name] if self._objects[name] else float("nan"),
        )

"""What the demo clip is made of: cut-outs of free photographs, and sky, stars, hill and sheep drawn here.

A layer is float32 (H, W, 3), BGR 0..255, or float32 (H, W, 4), the colours already multiplied by alpha 0..1.
"""

from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from deeplab_cv.frames.size import Size

Image = NDArray[np.float32]

PHOTOGRAPHS = Path(skimage.data.__file__).parent
ASTRONAUT_OUTLINE = (
    "260 23 235 16 205 21 186 37 162 52 156 59 153 68 156 101 169 117 172 125 182 135 184 152 170 149 146 154 128 170"
    " 121 188 116 202 92 225 65 246 53 268 45 278 37 305 28 350 25 385 23 415 29 457 36 511 511 511 511 474 500 455"
    " 495 440 478 393 450 362 420 346 392 344 362 352 361 330 357 322 357 310 353 291 341 264 331 253 304 233 289 203"
    " 276 189 260 177 255 170 257 161 264 149 265 141 292 114 300 92 296 59 288 43 277 32"
)


def photograph(name: str) -> Image:
    """One picture of scikit-image's wheel: float32 (H, W, 3), BGR 0..255."""
    return np.asarray(cv2.imread(str(PHOTOGRAPHS / name), cv2.IMREAD_COLOR), np.float32)


def cut_out(picture: Image, alpha: Image) -> Image:
    """The picture where alpha (H, W) is 1: float32 (H, W, 4), premultiplied."""
    return np.dstack([picture * alpha[..., None], alpha]).astype(np.float32)


def inside(outline: str, size: Size) -> Image:
    """Soft mask (H, W) 0..1 of the polygon "x y x y ...", drawn in by a pixel so that no backdrop shines through."""
    points = np.array(outline.split(), np.int32).reshape(-1, 2)
    mask = cv2.fillPoly(np.zeros(size.hw, np.float32), [points], 1.0)
    return np.clip(cv2.GaussianBlur(mask, (0, 0), 1.5) * 1.8 - 0.8, 0, 1)


def noise(size: Size, cells: int, seed: int) -> Image:
    """Smooth random field (H, W) around 0 with about `cells` hills each way."""
    coarse = np.random.default_rng(seed).normal(size=(cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.float32)


def stars() -> Image:
    """Night sky of own making: float32 (1000, 1700, 3)."""
    size, random = Size(1700, 1000), np.random.default_rng(11)
    glow = sum((noise(size, cells, cells) / cells**0.5 for cells in (4, 8, 16)), np.zeros((), np.float32))
    sky = np.clip(glow, 0, 2)[..., None] * np.array([60, 25, 45]) + np.array([48, 26, 14])
    for x, y, size in zip(
        random.uniform(0, 1700, 420), random.uniform(0, 1000, 420), random.exponential(0.8, 420), strict=True
    ):
        centre, radius = (int(x * 16), int(y * 16)), int((0.6 + size) * 16)
        cv2.circle(sky, centre, radius, tuple(random.uniform([190, 190, 190], 255)), -1, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(sky, (0, 0), 0.9).astype(np.float32)


def morning_sky() -> Image:
    """Bands of blue to peach with pale discs: float32 (1000, 1700, 3)."""
    down = np.linspace(0, 1, 1000)[:, None, None]
    sky = np.repeat((1 - down) * np.array([205, 165, 110]) + down * np.array([190, 222, 245]), 1700, axis=1)
    for x, y, radius in ((250, 200, 120), (700, 330, 70), (1350, 180, 160), (1050, 90, 50)):
        disc = cv2.circle(np.zeros(sky.shape[:2]), (x, y), radius, 0.28, -1, cv2.LINE_AA)
        sky += disc[..., None] * (255 - sky)
    return sky.astype(np.float32)


def hill() -> Image:
    """A grassy hill-top from the grass photograph: float32 (620, 1800, 4), premultiplied."""
    blades = cv2.resize(photograph("grass.png"), None, fx=0.7, fy=0.5, interpolation=cv2.INTER_AREA)
    turf = np.tile(np.hstack([blades, blades[:, ::-1]]), (3, 3, 1))[:620, :1800]
    green = cv2.GaussianBlur(turf, (0, 0), 0.7) * 0.8 * np.array([0.45, 0.95, 0.75]) + np.array([28, 48, 38])
    crest = cv2.ellipse(np.zeros((620, 1800), np.float32), (900, 1400), (2600, 1380), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    return cut_out(np.clip(green * (1 + 0.06 * noise((1800, 620), 9, 2)[..., None]), 0, 255), crest)


def sheep(head_xy: tuple[float, float], head_degrees: float) -> Image:
    """A sheep with a fleece of gravel, drawn on a 100x100 grid: float32 (500, 500, 4), premultiplied."""
    side, unit, random = 500, 5.0, np.random.default_rng(5)
    colour, alpha, fleece = np.zeros((side, side, 3)), np.zeros((side, side)), np.zeros((side, side))
    dark = np.array([45.0, 42.0, 40.0])

    def ellipse(
        plane: Image, centre: tuple[float, float], radii: tuple[float, float], degrees: float, value: object
    ) -> None:
        fixed = [tuple(int(v * unit * 16) for v in pair) for pair in (centre, radii)]
        cv2.ellipse(plane, *fixed, degrees, 0, 360, value, -1, cv2.LINE_AA, 4)

    for x, shade in ((34, 0.7), (62, 0.7), (29, 1.0), (58, 1.0)):
        leg = np.array([[-3.5, 52], [4, 52], [1.6, 66], [1.4, 78], [-1.6, 78], [-1.4, 66]])
        leg[:, 0] += x
        for plane, value in ((colour, tuple(dark * shade)), (alpha, 1.0)):
            cv2.fillPoly(plane, [np.int32(leg * unit * 16)], value, cv2.LINE_AA, 4)
    head = np.array(head_xy)
    ellipse(fleece, (46, 46), (29, 16), 0, 1.0)
    ellipse(fleece, tuple((head + np.array([66, 44])) / 2), (11, 9.5), 40 if head_degrees > 60 else -30, 1.0)
    for angle in np.linspace(0, 2 * np.pi, 70):
        centre = (46 + 28.5 * np.cos(angle), 46 + 15.5 * np.sin(angle))
        ellipse(fleece, centre, tuple(random.uniform(1.2, 2.4, 2)), 0, 1.0)
    gravel = cv2.resize(photograph("gravel.png")[..., 0], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    wool = np.tile((gravel - gravel.mean()) / gravel.std(), (3, 3))[:side, :side]
    wool = cv2.GaussianBlur(wool, (0, 0), 0.9)
    rim = np.clip(cv2.distanceTransform((fleece > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / unit / 7, 0, 1) ** 0.6
    below = np.clip((np.arange(side)[:, None] / unit - 40) / 22, 0, 1)
    light = np.clip((0.62 + 0.36 * rim) * (1.08 - 0.4 * below) + 0.14 * wool, 0, 1.15) * fleece
    colour = colour * (1 - fleece[..., None]) + light[..., None] * np.array([185, 208, 220])
    alpha = np.maximum(alpha, fleece)
    ahead = np.array([np.cos(np.radians(head_degrees)), np.sin(np.radians(head_degrees))])
    for offset, radii, degrees, shade in (
        (0 * ahead, (9, 4.6), head_degrees, 1.0),
        (5 * ahead, (4, 3.2), head_degrees, 0.85),
        (-6 * ahead + [-3, 1], (5, 1.9), 160, 0.75),
        (-ahead + [1.5, -1], (0.8, 0.8), 0, 0.2),
    ):
        ellipse(colour, tuple(head + offset), radii, degrees, tuple(dark * shade))
        ellipse(alpha, tuple(head + offset), radii, degrees, 1.0)
    return np.dstack([np.minimum(colour, 255), alpha]).astype(np.float32)

"""The crops of ../gpu_training/crops.py, cut by OpenCV on a processor: 5 ms each in place of 12."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import torch
from crops import (
    BALANCE,
    BALANCED_SHARE,
    BRIGHTNESS,
    BY_HAND,
    COARSENESS,
    COMPRESSED_SHARE,
    CONTRAST,
    FILL,
    GAMMA,
    GREY_SHARE,
    LABEL_STEP,
    NOISE,
    PASTE_SHARE,
    REFLECTED_SHARE,
    SATURATION,
    SHAPE_SHARES,
    SHAPES,
    SOFTNESS,
    STRETCH,
    Batch,
    agreed,
)
from pictures import Pictures
from torch import Tensor
from torch.nn import functional

from deeplab_cv.classes import IGNORE

Array: TypeAlias = np.ndarray
SMALL_SHAPES = ((288, 288), (256, 320), (224, 368))
SMALL_SHARE = 0.2
"""Of the batches: as large as a live picture's input, the others as a file's."""
LUMINANCE = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Place:
    """Which part of a picture of (height, width) a crop shows: pixel x of the crop is x / scale + start of the picture.

    scale, start: along x and y. mirrored: from right to left. reflected: outside of the picture its mirror
    image is seen, not grey.
    """

    scale: tuple[float, float]
    start: tuple[float, float]
    mirrored: bool
    reflected: bool
    picture: tuple[int, int]
    crop: tuple[int, int]

    def matrix(self, step: int, halving: int = 1) -> Array:
        """Of cv2.warpAffine, from cells of step x step pixels to a picture that was reduced by `halving`."""
        (scale_x, scale_y), (left, top) = self.scale, self.start
        first_x, step_x = step / 2 / scale_x + left, step / scale_x
        if self.mirrored:
            first_x, step_x = (self.crop[1] - step / 2) / scale_x + left, -step_x
        first_y, step_y = step / 2 / scale_y + top, step / scale_y
        middles = np.array([[step_x, 0, first_x], [0, step_y, first_y]]) / halving
        middles[:, 2] -= 0.5
        return middles

    def warp(self, image: Array, step: int, outside: float, *, smooth: bool = False, halving: int = 1) -> Array:
        """The crop of an image, a value for each cell of step x step pixels."""
        height, width = (side // step for side in self.crop)
        return cv2.warpAffine(
            image,
            self.matrix(step, halving),
            (width, height),
            flags=cv2.WARP_INVERSE_MAP | (cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST),
            borderMode=cv2.BORDER_REFLECT if self.reflected else cv2.BORDER_CONSTANT,
            borderValue=(outside,) * 3,
        )

    def middles(self, step: int) -> tuple[Array, Array]:
        """Where the middles of the cells lie in the picture, in pixels from its corner: along x, along y."""
        matrix, (height, width) = self.matrix(step), self.picture
        xs = np.arange(self.crop[1] // step) * matrix[0, 0] + matrix[0, 2] + 0.5
        ys = np.arange(self.crop[0] // step) * matrix[1, 1] + matrix[1, 2] + 0.5
        if self.reflected:
            xs, ys = width - np.abs(np.mod(xs, 2 * width) - width), height - np.abs(np.mod(ys, 2 * height) - height)
        return xs, ys


def random_place(
    random: np.random.Generator, picture: tuple[int, int], crop: tuple[int, int], scales: Sequence[float]
) -> Place:
    (height, width), (low, high) = picture, np.log(scales)
    fit = (np.prod(crop) / np.prod(picture)) ** 0.5
    scale, stretch = fit * np.exp(random.uniform(low, high)), np.exp(random.uniform(-1, 1) * np.log(STRETCH) / 2)
    scale_x, scale_y = scale * stretch, scale / stretch
    start = random.random() * (width - crop[1] / scale_x), random.random() * (height - crop[0] / scale_y)
    mirrored, reflected = random.random() < 0.5, random.random() < REFLECTED_SHARE
    return Place((scale_x, scale_y), start, mirrored, reflected, picture, crop)


class CropCutter:
    """Cuts random crops, each batch of one size."""

    def __init__(self, pictures: Pictures, seed: int) -> None:
        self.rgb, self.labels, self.sizes = pictures.rgb.numpy(), pictures.labels.numpy(), pictures.sizes.tolist()
        self.teacher = pictures.teacher
        self.by_hand = [name in BY_HAND for name in pictures.lists]
        self.random = np.random.default_rng(seed)
        self.noise = np.random.default_rng(1).standard_normal(3_000_000).astype(np.float32)
        self.threads = ThreadPoolExecutor(2)
        cv2.setNumThreads(1)

    def cut(self, indices: Tensor, scales: Tensor, *, pasted: bool = True) -> Batch:
        """One batch. indices: int64 (N,). scales: float (N, 2), the range in which each picture is shown."""
        shapes = SMALL_SHAPES if self.random.random() < SMALL_SHARE else SHAPES
        crop = shapes[self.random.choice(len(shapes), p=SHAPE_SHARES)]
        randoms = self.random.spawn(len(indices))
        work = zip(indices.tolist(), scales.tolist(), [crop] * len(indices), randoms, strict=True)
        cut, labels, whole_labels, teacher = zip(*self.threads.map(lambda item: self.cut_one(*item), work), strict=True)
        pictures, labels, teacher = list(cut), torch.stack(labels), torch.stack(teacher)
        if pasted:
            pictures, labels, teacher = self.pasted(pictures, labels, whole_labels, teacher)
        seen = list(self.threads.map(self.look, pictures, randoms))
        return agreed(Batch(torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2), labels, teacher))

    def cut_one(
        self, index: int, scales: Sequence[float], crop: tuple[int, int], random: np.random.Generator
    ) -> tuple[Array, Tensor, Array, Tensor]:
        """Picture uint8 (H, W, 3), labels int64 (H/4, W/4), labels uint8 (H, W), teacher float (21, H/4, W/4)."""
        height, width = self.sizes[index]
        place = random_place(random, (height, width), crop, scales)
        picture = np.ascontiguousarray(self.rgb[index, :, :height, :width].transpose(1, 2, 0))
        halving = 2 if min(place.scale) < 1 / 1.5 else 1
        if halving == 2:
            picture = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        mask = np.ascontiguousarray(self.labels[index, :height, :width])
        labels = torch.from_numpy(place.warp(mask, LABEL_STEP, IGNORE)).long()
        xs, ys = place.middles(LABEL_STEP)
        inside = torch.from_numpy(((ys >= 0) & (ys < height))[:, None] & ((xs >= 0) & (xs < width))[None, :])
        if self.by_hand[index]:
            inside &= labels == IGNORE
        grid = np.stack(np.meshgrid(2 * (xs - 0.5) / (width - 1) - 1, 2 * (ys - 0.5) / (height - 1) - 1), axis=-1)
        teacher = functional.grid_sample(
            self.teacher[index][None].float(),
            torch.from_numpy(grid[None].astype(np.float32)),
            padding_mode="border",
            align_corners=True,
        )[0]
        teacher[:, ~inside] = torch.nan
        cut = place.warp(picture, 1, FILL, smooth=True, halving=halving)
        return cut, labels, place.warp(mask, 1, IGNORE), teacher

    def pasted(
        self, pictures: list[Array], labels: Tensor, whole_labels: Sequence[Array], teacher: Tensor
    ) -> tuple[list[Array], Tensor, Tensor]:
        """The things of a neighbour in the batch laid over some of the crops."""
        result, new_labels, new_teacher = list(pictures), labels.clone(), teacher.clone()
        for row in np.flatnonzero(self.random.random(len(pictures)) < PASTE_SHARE):
            donor = row - 1
            soft = cv2.blur(is_thing(whole_labels[donor]).astype(np.float32), (3, 3))[..., None]
            result[row] = np.rint(pictures[row] * (1 - soft) + pictures[donor] * soft).astype(np.uint8)
            things = is_thing(labels[donor])
            around = functional.max_pool2d(things[None, None].float(), 3, 1, 1)[0, 0] > 0
            border = around & ~things & (labels[donor] == IGNORE)
            new_labels[row] = torch.where(things, labels[donor], torch.where(border, IGNORE, labels[row]))
            new_teacher[row] = torch.where(things, teacher[donor], teacher[row])
            new_teacher[row][:, border] = torch.nan
        return result, new_labels, new_teacher

    def look(self, picture: Array, random: np.random.Generator) -> Array:
        """What a camera does: light, contrast, saturation, white balance, grey, blur, noise, compression."""
        picture = cv2.transform(picture, colour_matrix(random, np.array(cv2.mean(picture)[:3])))
        height, width = picture.shape[:2]
        if (gamma := amount(random, GAMMA)) is not None:
            curve = 255 * (np.arange(256) / 255) ** gamma
            picture = cv2.LUT(picture, np.rint(curve).astype(np.uint8))
        if (share := amount(random, SOFTNESS)) is not None:
            small = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            picture = cv2.addWeighted(picture, 1 - share, cv2.resize(small, (width, height)), share, 0)
        if (noise := amount(random, NOISE)) is not None:
            first = random.integers(len(self.noise) - picture.size)
            normal = self.noise[first : first + picture.size].reshape(picture.shape)
            picture = cv2.add(picture, normal * (255 * noise), dtype=cv2.CV_8U)
        if (coarseness := amount(random, (COMPRESSED_SHARE, *COARSENESS))) is not None:
            quality = int(50 / coarseness if coarseness > 1 else 100 - 50 * coarseness)
            _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
            picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        return picture


def is_thing(labels: Array | Tensor) -> Array | Tensor:
    return (labels > 0) & (labels < IGNORE)


def amount(random: np.random.Generator, look: tuple[float, float, float]) -> float | None:
    """A random amount of a look for its share of the crops, None for the others."""
    share, low, high = look
    return random.uniform(low, high) if random.random() < share else None


def colour_matrix(random: np.random.Generator, mean: Array) -> Array:
    """White balance, brightness, contrast and saturation as one matrix (3, 4) of cv2.transform."""
    matrix, offset = np.eye(3), np.zeros(3)
    if random.random() < BALANCED_SHARE:
        matrix = np.diag(1 + BALANCE * random.standard_normal(3))
    if (brightness := amount(random, BRIGHTNESS)) is not None:
        matrix = matrix * brightness
    if (contrast := amount(random, CONTRAST)) is not None:
        offset = np.full(3, (matrix @ mean).mean() * (1 - contrast))
        matrix = matrix * contrast
    saturation = amount(random, SATURATION)
    if saturation is None:
        saturation = 1.0
    if random.random() < GREY_SHARE:
        saturation = 0.0
    towards_grey = saturation * np.eye(3) + (1 - saturation) * np.tile(LUMINANCE, (3, 1))
    return np.hstack([towards_grey @ matrix, (towards_grey @ offset)[:, None]])

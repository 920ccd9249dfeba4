"""What a camera does to a picture: a part of it at some scale, its colours, blur, noise and compression."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch

from deeplab_cv.classes import IGNORE
from deeplab_cv.frames.size import Size
from deeplab_cv.pytorch.torchvision_import import import_torchvision
from deeplab_cv.tools.data.records import Mask, Picture

Matrix = npt.NDArray[np.float64]

SCALES = (0.8, 2.2)
"""How large a crop shows its picture; at 1 the whole picture would just cover the crop's area.

Networks are run on whole pictures of more pixels than a crop has, so the middle is above 1.
"""

STRETCH = 1.15
"""Height against width is changed by at most this factor."""

ASPECTS = (1.0, 4 / 3, 16 / 9, 3 / 4, 9 / 16)
ASPECT_SHARES = (0.3, 0.25, 0.25, 0.1, 0.1)


@dataclass(frozen=True)
class Crop:
    """Where the pixels of a crop come from.

    matrix: float64 (2, 3), takes crop coordinates (x, y, 1) to picture coordinates; pixel middles are whole numbers.
    """

    matrix: Matrix
    width: int
    height: int


def crop_size(random: np.random.Generator, pixels: int, multiple: int) -> Size:
    """The size of one batch: a random aspect, about `pixels` squared in area, multiples of `multiple`."""
    aspect = float(random.choice(ASPECTS, p=ASPECT_SHARES))
    width = max(1, round(pixels * aspect**0.5 / multiple)) * multiple
    height = max(1, round(pixels / aspect**0.5 / multiple)) * multiple
    return Size(width, height)


def random_crop(random: np.random.Generator, picture: Size, size: Size) -> Crop:
    """A random part of a picture, mirrored half of the time; it leaves the picture only where that is smaller."""
    (picture_width, picture_height), (width, height) = picture, size
    fit = (width * height / (picture_width * picture_height)) ** 0.5
    scale = fit * float(np.exp(random.uniform(*np.log(SCALES))))
    stretch = float(np.exp(random.uniform(-np.log(STRETCH), np.log(STRETCH)))) ** 0.5
    scale_x, scale_y = scale * stretch, scale / stretch
    left = random_start(random, picture_width, width / scale_x)
    top = random_start(random, picture_height, height / scale_y)
    matrix = np.array(
        [[1 / scale_x, 0, left + 0.5 / scale_x - 0.5], [0, 1 / scale_y, top + 0.5 / scale_y - 0.5]], np.float64
    )
    if random.random() < 0.5:
        matrix[0] = [-matrix[0, 0], 0, matrix[0, 2] + matrix[0, 0] * (width - 1)]
    return Crop(matrix, width, height)


def random_start(random: np.random.Generator, available: float, wanted: float) -> float:
    """Where a stretch of `wanted` pixels begins in `available` ones; if it is longer it overlaps all of them."""
    return float(random.uniform(min(0, available - wanted), max(0, available - wanted)))


def cut_picture(picture: Picture, crop: Crop, fill_rgb: tuple[float, float, float]) -> Picture:
    """The crop: uint8 (height, width, 3); what lies outside the picture has the fill colour."""
    shrink = abs(crop.matrix[0, 0])
    if shrink > 1.5:
        # Bilinear reading alone would skip pixels.
        picture = np.asarray(cv2.blur(picture, (round(shrink), round(shrink))), np.uint8)
    return np.asarray(
        cv2.warpAffine(
            picture,
            crop.matrix,
            (crop.width, crop.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderValue=fill_rgb,
        ),
        np.uint8,
    )


def cut_mask(mask: Mask, crop: Crop, step: int) -> Mask:
    """Labels in the middles of cells of step x step pixels: uint8 (height / step, width / step), 255 outside."""
    matrix = crop.matrix.copy()
    matrix[:, 2] = crop.matrix @ np.array([(step - 1) / 2, (step - 1) / 2, 1])
    matrix[:, :2] *= step
    return np.asarray(
        cv2.warpAffine(
            mask,
            matrix,
            (crop.width // step, crop.height // step),
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            borderValue=IGNORE,
        ),
        np.uint8,
    )


def teacher_grid(crop: Crop, step: int, picture: Size) -> npt.NDArray[np.float32]:
    """Where the same cells lie in the whole picture: float32 (height / step, width / step, 2) of (x, y), -1..1.

    -1 and 1 are the middles of the outermost pixels (torch's grid_sample with aligned corners).
    """
    xs = np.arange(crop.width // step) * step + (step - 1) / 2
    ys = np.arange(crop.height // step) * step + (step - 1) / 2
    picture_x = crop.matrix[0, 0] * xs + crop.matrix[0, 2]
    picture_y = crop.matrix[1, 1] * ys + crop.matrix[1, 2]
    grid = np.empty((len(ys), len(xs), 2), np.float32)
    grid[..., 0] = 2 * picture_x / (picture.width - 1) - 1
    grid[..., 1] = (2 * picture_y / (picture.height - 1) - 1)[:, None]
    return grid


class CameraLook:
    """Random colours, blur, noise and JPEG compression, each only now and then.

    Colours and blur are torchvision's. The JPEG round trip is OpenCV's: torchvision's encoder is an operator that
    not every wheel can load.
    """

    def __init__(self) -> None:
        import_torchvision()
        from torchvision.transforms import v2

        self.colours = v2.ColorJitter(brightness=0.3, contrast=0.3, saturation=0.4, hue=0.03)
        self.grey = v2.Grayscale(num_output_channels=3)
        self.blur = v2.GaussianBlur(kernel_size=5, sigma=(0.3, 1.5))

    def __call__(self, picture: Picture, random: np.random.Generator) -> Picture:
        """uint8 (H, W, 3) in, the same out; torch's own random stream must have been seeded by the caller."""
        colours, grey, blur, noise, compression = random.random(5)
        tensor = torch.from_numpy(picture).permute(2, 0, 1)
        if colours < 0.6:
            tensor = self.colours(tensor)
        if grey < 0.04:
            tensor = self.grey(tensor)
        if blur < 0.15:
            tensor = self.blur(tensor)
        picture = np.ascontiguousarray(tensor.permute(1, 2, 0).numpy())
        if noise < 0.15:
            spread = random.uniform(2, 12)
            noisy = picture + random.standard_normal(picture.shape, np.float32) * spread
            picture = np.clip(noisy, 0, 255).astype(np.uint8)
        if compression < 0.15:
            quality = int(random.integers(25, 80))
            encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            picture = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED), np.uint8)
        return picture

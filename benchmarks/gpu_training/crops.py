"""Crops cut, coloured, blurred and compressed on the GPU, a whole batch at once."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from pictures import CANVAS, Pictures
from torch import Tensor
from torch.nn import functional

from deeplab_cv.classes import IGNORE

LABEL_STEP = 4
FILL = 127.0
SHAPES = ((384, 384), (336, 448), (288, 512))
"""Height and width of a batch, each about 384x384 in area."""
SHAPE_SHARES = (0.35, 0.4, 0.25)
STRETCH = 1.15
PASTE_SHARE = 0.2
REFLECTED_SHARE = 0.6
"""Of the pictures smaller than their crop: repeated as in a mirror. The others lie on grey."""
COMPRESSED_SHARE = 0.2
COARSENESS = (0.5, 3.0)
"""Of the compression: what JPEG's table is multiplied by."""
BALANCED_SHARE, BALANCE = 0.4, 0.08
"""Of the crops, and the standard deviation of a colour's factor."""
GREY_SHARE = 0.04
BRIGHTNESS, CONTRAST, SATURATION = (0.6, 0.65, 1.35), (0.6, 0.7, 1.3), (0.6, 0.6, 1.4)
GAMMA, SOFTNESS, NOISE = (0.3, 0.75, 1.35), (0.2, 0.3, 1.0), (0.2, 0.005, 0.05)
"""Looks, each: the share of the crops that have it, and the range of its amount."""
BY_HAND = ("person", "person2")
"""Lists where the teacher is asked only where the mask is unknown."""
JPEG_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


@dataclass(frozen=True)
class Batch:
    """pictures: float (N, 3, H, W), 0..255. labels: int64 (N, H/4, W/4), 255 unknown. teacher: float
    (N, 21, H/4, W/4), NaN where it saw nothing of this picture."""

    pictures: Tensor
    labels: Tensor
    teacher: Tensor


def agreed(batch: Batch) -> Batch:
    """The batch without the teacher where it contradicts a mask."""
    contradicts = (batch.labels != IGNORE) & (batch.teacher.nan_to_num().argmax(dim=1) != batch.labels)
    return replace(batch, teacher=torch.where(contradicts[:, None], torch.nan, batch.teacher))


class CropCutter:
    """Cuts random crops of pictures that lie on the GPU."""

    def __init__(self, pictures: Pictures, device: torch.device, seed: int) -> None:
        self.device = device
        self.rgb = pictures.rgb.to(device)
        self.labels = pictures.labels.to(device)
        self.sizes = pictures.sizes.to(device).float()
        self.teacher = pictures.teacher.to(device)
        self.by_hand = torch.tensor([name in BY_HAND for name in pictures.lists], device=device)
        self.numpy = np.random.default_rng(seed)
        self.random = torch.Generator(device=device).manual_seed(seed)
        self.quantisation = torch.tensor(JPEG_LUMINANCE, device=device, dtype=torch.float32)
        self.cosines = dct_matrix(device)

    def uniform(self, count: int, low: float, high: float) -> Tensor:
        """float (count,)."""
        return torch.rand(count, generator=self.random, device=self.device) * (high - low) + low

    def cut(self, indices: Tensor, scales: Tensor) -> Batch:
        """One batch. indices: int64 (N,). scales: float (N, 2), the range in which each picture is shown."""
        height, width = SHAPES[self.numpy.choice(len(SHAPES), p=SHAPE_SHARES)]
        indices, scales = indices.to(self.device), scales.to(self.device)
        count = len(indices)
        sizes = self.sizes[indices]
        fit = (height * width / sizes.prod(dim=1)).sqrt()
        scale = fit * torch.exp(self.uniform(count, 0, 1) * (scales[:, 1] / scales[:, 0]).log() + scales[:, 0].log())
        stretch = torch.exp(self.uniform(count, -1, 1) * np.log(STRETCH) / 2)
        scale_x, scale_y = scale * stretch, scale / stretch
        left = self.start(sizes[:, 1], width / scale_x)
        top = self.start(sizes[:, 0], height / scale_y)
        mirrored = self.uniform(count, 0, 1) < 0.5
        reflected = (self.uniform(count, 0, 1) < REFLECTED_SHARE)[:, None]

        def places(step: int) -> tuple[Tensor, Tensor]:
            """Where the middles of cells of step x step pixels lie in the pictures, in pixels from the corner."""
            along_x = torch.arange(0, width, step, device=self.device) + step / 2
            along_y = torch.arange(0, height, step, device=self.device) + step / 2
            xs = along_x[None, :].expand(count, -1)
            xs = torch.where(mirrored[:, None], width - xs, xs) / scale_x[:, None] + left[:, None]
            ys = along_y[None, :] / scale_y[:, None] + top[:, None]
            return (
                torch.where(reflected, reflect(xs, sizes[:, 1:]), xs),
                torch.where(reflected, reflect(ys, sizes[:, :1]), ys),
            )

        xs, ys = places(1)
        pictures = self.sample_pictures(indices, xs, ys, torch.minimum(scale_x, scale_y))
        inside = self.inside(xs, ys, sizes)
        pictures = torch.where(inside[:, None], pictures, FILL)
        full_labels = self.sample_labels(indices, xs, ys, inside)
        xs, ys = places(LABEL_STEP)
        taught = self.inside(xs, ys, sizes)
        labels = self.sample_labels(indices, xs, ys, taught)
        grid = grid_of(2 * (xs - 0.5) / (sizes[:, 1:] - 1) - 1, 2 * (ys - 0.5) / (sizes[:, :1] - 1) - 1)
        teacher = functional.grid_sample(self.teacher[indices].float(), grid, padding_mode="border", align_corners=True)
        # People's masks made by hand are better than the teacher (.921 of val_webcam's people).
        needed = taught & ~(self.by_hand[indices][:, None, None] & (labels != IGNORE))
        teacher = torch.where(needed[:, None], teacher, torch.nan)
        batch = agreed(self.paste(Batch(pictures, labels, teacher), full_labels))
        return Batch(self.look(batch.pictures), batch.labels, batch.teacher)

    def start(self, available: Tensor, wanted: Tensor) -> Tensor:
        """Where a stretch of `wanted` pixels begins in `available` ones; if it is longer it overlaps all of them."""
        spare = available - wanted
        return torch.rand(len(spare), generator=self.random, device=self.device) * spare

    def inside(self, xs: Tensor, ys: Tensor, sizes: Tensor) -> Tensor:
        """bool (N, h, w): which places lie in their picture."""
        rows = (ys >= 0) & (ys < sizes[:, :1])
        columns = (xs >= 0) & (xs < sizes[:, 1:])
        return rows[:, :, None] & columns[:, None, :]

    def sample_pictures(self, indices: Tensor, xs: Tensor, ys: Tensor, scale: Tensor) -> Tensor:
        """float (N, 3, H, W); pictures shown smaller than 2/3 are halved first, so that no pixel is skipped."""
        canvases = self.rgb[indices].float()
        grid = grid_of(2 * xs / CANVAS - 1, 2 * ys / CANVAS - 1)
        plain = functional.grid_sample(canvases, grid, padding_mode="border", align_corners=False)
        halved = functional.grid_sample(
            functional.avg_pool2d(canvases, 2), grid, padding_mode="border", align_corners=False
        )
        return torch.where((scale < 1 / 1.5)[:, None, None, None], halved, plain)

    def sample_labels(self, indices: Tensor, xs: Tensor, ys: Tensor, inside: Tensor) -> Tensor:
        """int64 (N, h, w), 255 outside."""
        columns = xs.long().clamp(0, CANVAS - 1)
        rows = ys.long().clamp(0, CANVAS - 1)
        found = self.labels[indices[:, None, None], rows[:, :, None], columns[:, None, :]].long()
        return torch.where(inside, found, IGNORE)

    def paste(self, batch: Batch, full_labels: Tensor) -> Batch:
        """The things of a neighbour in the batch laid over some of the crops.

        Source: Ghiasi et al., "Simple copy-paste is a strong data augmentation method", CVPR 2021.
        """
        pasted = self.uniform(len(full_labels), 0, 1) < PASTE_SHARE
        donor = torch.roll(full_labels, 1, 0)
        things = (donor > 0) & (donor < IGNORE) & pasted[:, None, None]
        soft = functional.avg_pool2d(things[:, None].float(), 3, 1, 1, count_include_pad=False)
        pictures = torch.lerp(batch.pictures, torch.roll(batch.pictures, 1, 0), soft)
        donor_labels = torch.roll(batch.labels, 1, 0)
        things = (donor_labels > 0) & (donor_labels < IGNORE) & pasted[:, None, None]
        around = functional.max_pool2d(things[:, None].float(), 3, 1, 1)[:, 0] > 0
        border = around & ~things & (donor_labels == IGNORE)
        labels = torch.where(things, donor_labels, torch.where(border, IGNORE, batch.labels))
        teacher = torch.where(things[:, None], torch.roll(batch.teacher, 1, 0), batch.teacher)
        return Batch(pictures, labels, torch.where(border[:, None], torch.nan, teacher))

    def look(self, pictures: Tensor) -> Tensor:
        """What a camera does: light, contrast, saturation, white balance, grey, blur, noise, compression."""
        count = len(pictures)

        def some(share: float, low: float, high: float, neutral: float) -> Tensor:
            """A random amount for a share of the crops, the neutral one for the others: (N, 1, 1, 1)."""
            chosen = self.uniform(count, 0, 1) < share
            return torch.where(chosen, self.uniform(count, low, high), neutral)[:, None, None, None]

        pictures = pictures / 255
        balance = 1 + BALANCE * torch.randn(count, 3, 1, 1, generator=self.random, device=self.device)
        balanced = self.uniform(count, 0, 1) < BALANCED_SHARE
        pictures = pictures * torch.where(balanced[:, None, None, None], balance, 1.0)
        pictures = pictures * some(*BRIGHTNESS, 1.0)
        mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
        pictures = mean + (pictures - mean) * some(*CONTRAST, 1.0)
        luminance = (pictures * torch.tensor([0.299, 0.587, 0.114], device=self.device)[None, :, None, None]).sum(
            dim=1, keepdim=True
        )
        pictures = luminance + (pictures - luminance) * some(*SATURATION, 1.0) * some(GREY_SHARE, 0.0, 0.0, 1.0)
        pictures = pictures.clamp(0, 1) ** some(*GAMMA, 1.0)
        small = functional.avg_pool2d(pictures, 2)
        soft = functional.interpolate(small, scale_factor=2.0, mode="bilinear", align_corners=False)
        pictures = torch.lerp(pictures, soft, some(*SOFTNESS, 0.0))
        noise = torch.randn(pictures.shape, generator=self.random, device=self.device)
        pictures = (pictures + noise * some(*NOISE, 0.0)).clamp(0, 1) * 255
        # The pictures of a batch are in no order, so that the first ones are as good as any.
        compressed = int(count * COMPRESSED_SHARE)
        coarseness = self.uniform(compressed, *COARSENESS)[:, None, None, None]
        restored = self.compress(pictures[:compressed], coarseness).clamp(0, 255)
        return torch.cat((restored, pictures[compressed:]))

    def compress(self, pictures: Tensor, coarseness: Tensor) -> Tensor:
        """The loss of JPEG: 8x8 cosine coefficients rounded to a coarse grid, in each colour channel."""
        count, channels, height, width = pictures.shape
        blocks = pictures.reshape(count, channels, height // 8, 8, width // 8, 8).permute(0, 1, 2, 4, 3, 5) - 128
        coefficients = transform_blocks(blocks, self.cosines)
        step = self.quantisation * coarseness[..., None, None]
        restored = transform_blocks((coefficients / step).round() * step, self.cosines.T) + 128
        return restored.permute(0, 1, 2, 4, 3, 5).reshape(pictures.shape)


def reflect(places: Tensor, lengths: Tensor) -> Tensor:
    """Places (N, w) outside of 0..length, (N, 1), thrown back at the ends."""
    return lengths - (torch.remainder(places, 2 * lengths) - lengths).abs()


def transform_blocks(blocks: Tensor, matrix: Tensor) -> Tensor:
    """matrix @ block @ matrix.T of every 8x8 block, as two large products."""
    return ((blocks @ matrix.T).transpose(-1, -2) @ matrix.T).transpose(-1, -2)


def grid_of(xs: Tensor, ys: Tensor) -> Tensor:
    """grid_sample's grid (N, h, w, 2) of columns (N, w) and rows (N, h)."""
    rows, columns = ys.shape[1], xs.shape[1]
    return torch.stack((xs[:, None, :].expand(-1, rows, -1), ys[:, :, None].expand(-1, -1, columns)), dim=-1)


def dct_matrix(device: torch.device) -> Tensor:
    """The orthonormal cosine transform of eight values: (8, 8)."""
    places = torch.arange(8, device=device, dtype=torch.float32)
    matrix = torch.cos((2 * places[None, :] + 1) * places[:, None] * torch.pi / 16) / 2
    matrix[0] /= 2**0.5
    return matrix

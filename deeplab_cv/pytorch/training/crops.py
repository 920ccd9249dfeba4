"""The batches of a training: crops, labels and the teacher's scores for the same places, by step number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from deeplab_cv.frames.size import Size
from deeplab_cv.pytorch.training.augment import CameraLook, crop_size, cut_mask, cut_picture, random_crop, teacher_grid
from deeplab_cv.pytorch.training.sampling import CROP, BalancedSampler
from deeplab_cv.tools.data.records import Record, read_pair

LABEL_STEP = 4
"""Labels are taken every fourth pixel: at full size the loss over 21 classes would cost as much as the network."""


@dataclass(frozen=True)
class CropSettings:
    """How crops are cut.

    Attributes:
        pixels: a crop's area is pixels x pixels.
        multiple: width and height are multiples of this.
        fill_rgb: the colour outside the picture, 0..255.
    """

    pixels: int
    multiple: int
    fill_rgb: tuple[float, float, float]


class TrainingCrops(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Item `step` is the whole batch of that step, the same whenever and wherever it is made.

    A batch: pictures uint8 (N, 3, H, W); labels uint8 (N, H/4, W/4), 255 where unknown; the teacher's scores
    float16 (N, classes, H/4, W/4), NaN outside the picture, (N, 0) without a teacher.
    """

    def __init__(
        self,
        records: Sequence[Record],
        class_count: int,
        sampler: BalancedSampler,
        settings: CropSettings,
        teacher_file: Path | None,
    ) -> None:
        self.records = list(records)
        self.class_count = class_count
        self.sampler = sampler
        self.settings = settings
        self.teacher = None if teacher_file is None else np.load(teacher_file, mmap_mode="r")
        self.look = CameraLook()

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        random = np.random.default_rng((self.sampler.seed, CROP, step))
        torch.manual_seed(int(random.integers(2**62)))
        size = crop_size(random, self.settings.pixels, self.settings.multiple)
        pictures, labels, scores = [], [], []
        for index in self.sampler.pictures(step):
            picture, mask = read_pair(self.records[index], self.class_count)
            picture_size = Size.of(picture)
            crop = random_crop(random, picture_size, size)
            cut = self.look(cut_picture(picture, crop, self.settings.fill_rgb), random)
            pictures.append(torch.from_numpy(cut).permute(2, 0, 1))
            labels.append(torch.from_numpy(cut_mask(mask, crop, LABEL_STEP)))
            if self.teacher is not None:
                whole = torch.from_numpy(self.teacher[index].astype(np.float32))[None]
                grid = torch.from_numpy(teacher_grid(crop, LABEL_STEP, picture_size))[None]
                sampled = functional.grid_sample(whole, grid, padding_mode="border", align_corners=True)[0]
                sampled[:, (grid[0].abs() > 1).any(dim=-1)] = torch.nan
                scores.append(sampled.half())
        return (
            torch.stack(pictures),
            torch.stack(labels),
            torch.stack(scores) if scores else torch.empty(len(labels), 0),
        )


class StepsFrom:
    """The step numbers from one on, without end."""

    def __init__(self, first: int) -> None:
        self.first = first

    def __iter__(self) -> Iterator[int]:
        step = self.first
        while True:
            yield step
            step += 1


def batches_from(step: int, crops: TrainingCrops, workers: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """The batches from one step on, made ahead by `workers` processes."""
    loader = DataLoader(
        crops, batch_size=None, sampler=StepsFrom(step), num_workers=workers, prefetch_factor=4 if workers else None
    )
    return iter(loader)

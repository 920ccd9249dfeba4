"""Pictures, masks and the teacher's scores as tensors that stay on the GPU."""

import io
import multiprocessing
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from deeplab_cv.classes import IGNORE

CANVAS = 400
"""Every picture lies in the upper left of a square this wide; what is right of it and below repeats its edge."""


@dataclass
class Pictures:
    """Pictures of several lists, one behind the other.

    Attributes:
        lists: the list of each picture.
        rgb: uint8 (N, 3, CANVAS, CANVAS).
        labels: uint8 (N, CANVAS, CANVAS), 255 where unknown or outside.
        sizes: int64 (N, 2), height and width.
        presence: bool (N, 21), which classes each picture has on at least 1 % of it.
        teacher: float16 (N, 21, h, w), the teacher's scores of the whole picture with aligned corners, or empty.
    """

    lists: list[str]
    rgb: Tensor
    labels: Tensor
    sizes: Tensor
    presence: Tensor
    teacher: Tensor

    def of(self, *lists: str) -> Tensor:
        """int64 (M,): the indices of the pictures of some lists."""
        return torch.tensor([index for index, name in enumerate(self.lists) if name in lists])


def read_package(path: Path, processes: int) -> Pictures:
    """The pictures of one package, decoded by several processes; no teacher yet."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".webp")]
        encoded = [(archive.read(name), archive.read(name.removesuffix(".webp") + ".png")) for name in names]
    with multiprocessing.Pool(processes) as pool:
        decoded = pool.map(decode, encoded, chunksize=32)
    rgb = torch.from_numpy(np.stack([item[0] for item in decoded])).permute(0, 3, 1, 2).contiguous()
    presence = torch.from_numpy(np.stack([item[3] for item in decoded]))
    return Pictures(
        [name.split("/")[0] for name in names],
        rgb,
        torch.from_numpy(np.stack([item[1] for item in decoded])),
        torch.tensor([item[2] for item in decoded]),
        presence,
        torch.empty(0),
    )


def decode(encoded: tuple[bytes, bytes]) -> tuple[np.ndarray, np.ndarray, tuple[int, int], np.ndarray]:
    """Picture and mask on their canvases, the size, and which classes there are."""
    picture = np.asarray(Image.open(io.BytesIO(encoded[0])).convert("RGB"))
    mask = np.asarray(Image.open(io.BytesIO(encoded[1])))
    height, width = mask.shape
    margins = ((0, CANVAS - height), (0, CANVAS - width))
    counts = np.bincount(mask.ravel(), minlength=256)[:21]
    return (
        np.pad(picture, (*margins, (0, 0)), mode="edge"),
        np.pad(mask, margins, constant_values=IGNORE),
        (height, width),
        counts > mask.size / 100,
    )


def joined(parts: list[Pictures]) -> Pictures:
    """Several packages as one."""
    return Pictures(
        [name for part in parts for name in part.lists],
        torch.cat([part.rgb for part in parts]),
        torch.cat([part.labels for part in parts]),
        torch.cat([part.sizes for part in parts]),
        torch.cat([part.presence for part in parts]),
        torch.cat([part.teacher for part in parts]),
    )

"""Masks of one class, completed: where nobody painted anything, what an earlier network sees is kept.

A mask of sheep alone says of every other pixel "no sheep", not "background". Taken at its word it would teach a
network that the people beside the sheep are background, and after some minutes it would have forgotten people.
Source: Douillard et al., "PLOP: learning without forgetting for continual semantic segmentation", CVPR 2021 (labels of
the earlier network in place of the background).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from deeplab_cv.classes import IGNORE
from deeplab_cv.errors import DataError, UsageError
from deeplab_cv.pytorch.architecture_facts import Architecture
from deeplab_cv.pytorch.training.validate import predict
from deeplab_cv.tools.data.mask_files import is_made_from, origin_of, save_mask
from deeplab_cv.tools.data.records import FileSlice, Mask, Record, read_pair

OVERLAP = 0.5
"""A region of which more than this share lies on painted pixels is the new class itself, seen as another."""


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What completes masks.

    Attributes:
        network: gives scores of `earlier_classes`.
        classes: names in the order of the masks' labels.
        only: the classes that the masks show; their pixels are never given to another.
        pixels: input area for the network, as the side of a square.
    """

    network: nn.Module
    architecture: Architecture
    earlier_classes: Sequence[str]
    classes: Sequence[str]
    only: Sequence[str]
    pixels: int
    device: torch.device


def completed_records(
    records: Sequence[Record], completion: Completion, folder: Path, progress: Callable[[], None]
) -> list[Record]:
    """The records with completed masks, written to `folder` as palette PNGs; those made from the same are kept.

    Raises UsageError if a class of `only` is none of the classes, DataError for a wrong picture or mask, or for two
    pictures of one name, whose completed masks would be one file.
    """
    unknown = [name for name in completion.only if name not in completion.classes]
    if unknown:
        raise UsageError("unknown class", f"--only {unknown[0]}", "name classes of --classes, comma separated")
    weights = [tensor.numpy(force=True).tobytes() for tensor in completion.network.state_dict().values()]
    how = origin_of(*weights, completion.earlier_classes, completion.classes, completion.only, completion.pixels)
    completed = []
    called: dict[str, FileSlice] = {}
    for record in records:
        if (other := called.setdefault(record.name, record.picture)) != record.picture:
            raise DataError(f"two pictures are called '{record.name}'", f"{other}, {record.picture}", "rename one")
        target = folder / f"{record.name}.png"
        origin = origin_of(how, record.picture.read(), record.mask.read())
        if not is_made_from(target, origin):
            save_mask(target, completed_mask(record, completion), origin)
        completed.append(replace(record, mask=FileSlice(target)))
        progress()
    return completed


def completed_mask(record: Record, completion: Completion) -> Mask:
    """The mask with every background pixel given what the network sees there: uint8 (H, W)."""
    picture, mask = read_pair(record, len(completion.classes))
    seen = predict(completion.network, completion.architecture, picture, completion.pixels, completion.device)
    label_of: Mask = np.zeros(256, np.uint8)
    for label, name in enumerate(completion.earlier_classes):
        if name in completion.classes and name not in completion.only:
            label_of[label] = completion.classes.index(name)
    completed: Mask = np.where(mask == 0, without_overlaps(label_of[seen], mask != 0), mask)
    return completed


def without_overlaps(seen: Mask, painted: npt.NDArray[np.bool_]) -> Mask:
    """What the network sees, without the regions that lie mostly on painted pixels: they become 255, unknown.

    There it has taken the new class for one it knows, and what sticks out beyond the outline is no such thing.
    """
    kept: Mask = seen.copy()
    for label in np.unique(seen[painted & (seen != 0)]):
        count, regions = cv2.connectedComponents((seen == label).astype(np.uint8))
        sizes = np.bincount(regions.ravel(), minlength=count)
        overlaps = np.bincount(regions[painted], minlength=count)
        false = overlaps > OVERLAP * sizes
        false[0] = False
        kept[false[regions]] = IGNORE
    return kept

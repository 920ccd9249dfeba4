"""The user's own frames and masks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from deeplab_cv.errors import DataError
from deeplab_cv.frames.frame import Labels
from deeplab_cv.frames.pixels import Image
from deeplab_cv.sources.opening import open_source
from deeplab_cv.sources.options import SourceOptions

UNKNOWN = 255


def frames_of(text: str, limit: int) -> list[tuple[str, Image]]:
    """Name and picture (H, W, 3), BGR, of at most `limit` frames, spread evenly over a folder or video."""
    with open_source(text, SourceOptions(retry=0)) as source:
        # A video that does not tell its length is thinned out as it is read.
        every = max(1, -(-(source.info.frame_count or 0) // limit))
        frames: list[tuple[str, Image]] = []
        while (frame := source.read()) is not None:
            if frame.index % every:
                continue
            frames.append((Path(frame.name).name or f"frame {frame.index}", frame.image))
            if len(frames) > limit:
                frames, every = frames[::2], every * 2
    return frames


def masks_of(folder: Path, pictures: Sequence[tuple[str, Image]], class_count: int) -> dict[str, Labels]:
    """The masks of the pictures that have one, by picture name: uint8 (H, W), 255 unknown. Raises DataError."""
    if not folder.is_dir():
        raise DataError("no such folder of masks", folder, "name one with --masks")
    masks = {}
    for name, picture in pictures:
        path = folder / f"{Path(name).stem}.png"
        if not path.is_file():
            continue
        try:
            mask = np.array(PillowImage.open(path))
        except OSError as error:
            raise DataError("cannot read a mask", path, "draw it anew, or take it away", cause=error) from error
        if mask.shape != picture.shape[:2]:
            raise DataError("mask and picture differ in size", path, f"{mask.shape} and {picture.shape[:2]}")
        if mask.dtype != np.uint8 or (mask[mask != UNKNOWN] >= class_count).any():
            raise DataError("the mask names a class the network does not have", path, f"it has {class_count}")
        masks[name] = mask
    return masks

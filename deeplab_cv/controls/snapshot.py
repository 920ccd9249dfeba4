"""Snapshots: the picture, its mask and what made them, side by side under one name."""

from datetime import datetime
from pathlib import Path

import cv2
import yaml

from deeplab_cv.frames.frame import Painted
from deeplab_cv.sinks.landing import write_whole
from deeplab_cv.sinks.masks import encode_mask


def save_snapshot(folder: Path, painted: Painted, facts: dict[str, object]) -> str:
    """Write NAME.png, NAME-mask.png and NAME.yaml with a name made of the time; returns one line for the user.

    Raises SinkError where the folder cannot be written.
    """
    stem = free_stem(folder, "snapshot")
    png = cv2.imencode(".png", painted.picture)[1].tobytes()
    write_whole(folder / f"{stem}.png", png)
    write_whole(folder / f"{stem}-mask.png", encode_mask(painted.labels))
    write_whole(folder / f"{stem}.yaml", yaml.safe_dump(facts, sort_keys=False).encode())
    return f"saved {stem}.png, its mask and what made them"


def free_stem(folder: Path, word: str) -> str:
    """A file name without ending, made of a word and the time, that nothing in the folder begins with."""
    stem = f"{word}-{datetime.now():%Y%m%d-%H%M%S}"
    taken = [path.name for path in folder.glob(f"{stem}*")]
    return stem if not taken else f"{stem}-{len(taken)}"

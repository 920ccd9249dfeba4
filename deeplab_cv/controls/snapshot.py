"""Snapshots: the picture, its mask and what made them, side by side under one name."""

import itertools
from datetime import datetime
from pathlib import Path

import yaml

from deeplab_cv.frames.frame import Painted, Scored
from deeplab_cv.overlay.view import View, painted_classes
from deeplab_cv.sinks.landing import write_whole
from deeplab_cv.sinks.masks import encode_mask
from deeplab_cv.sinks.pictures import encode_picture


def save_snapshot(folder: Path, painted: Painted, facts: dict[str, object], label: str = "") -> str:
    """Write NAME.png, NAME-mask.png and NAME.yaml with a name made of the time; returns one line for the user.

    Raises SinkError where the folder cannot be written. A label stands in the name where it is not empty.
    """
    stem = free_stem(folder, "-".join(filter(None, ["snapshot", label])))
    picture = folder / f"{stem}.png"
    write_whole(picture, encode_picture(painted.pixels, picture))
    write_whole(folder / f"{stem}-mask.png", encode_mask(painted.labels))
    write_whole(folder / f"{stem}.yaml", yaml.safe_dump(facts, sort_keys=False).encode())
    return f"saved {stem}.png, its mask and what made them"


def snapshot_facts(scored: Scored, view: View, source_name: str) -> dict[str, object]:
    """What made a snapshot: frame, network and view; `source_name` is for frames that have no name of their own."""
    return {
        "source": scored.frame.name or source_name,
        "frame": scored.frame.index,
        "time_s": round(float(scored.frame.time_s), 3),
        "made_by": scored.made_by,
        "overlay": view.overlay,
        "painted": list(painted_classes(view, scored.class_names)),
        "style": view.picture.style,
        "alpha": view.picture.alpha,
        "smooth": view.smooth,
    }


def free_stem(folder: Path, word: str) -> str:
    """A file name without ending, made of a word and the time, that nothing in the folder begins with."""
    stem = f"{word}-{datetime.now():%Y%m%d-%H%M%S}"
    taken = [path.name for path in folder.glob(f"{stem}*")]
    numbered = (f"{stem}-{number}" for number in itertools.count(2))
    return next(free for free in itertools.chain([stem], numbered) if not any(name.startswith(free) for name in taken))

"""What decides a training."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deeplab_cv.pytorch.training.schedule import Budget
from deeplab_cv.tools.data.records import Record


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """Everything that decides what a training does.

    Attributes:
        data: folder with the data set; train_lists, val_lists: its lists to learn from and to measure on.
        out: the run's folder: last.pt, network.pt, log.csv, log.png, val.png.
        classes: names in the order of the labels.
        start: an earlier network to begin from, or None.
        only: the classes that the masks show, where they do not show all; elsewhere what `start` sees is kept.
        teacher: ONNX network to distil from, or None.
        crop_pixels: side of the square whose area a crop has; val_pixels: the same for validation.
        freeze_early: leave the stages up to stride 4 as ImageNet made them.
        learning_rate: of the head; the backbone's is 0.4 of it.
        validate_minutes, save_minutes: time between two validations and two checkpoints.
        val_count: pictures of each validation but the last, which takes all.
        command: the command line, for the checkpoint's facts.
    """

    data: Path
    train_lists: tuple[str, ...]
    val_lists: tuple[str, ...]
    out: Path
    classes: tuple[str, ...]
    architecture: str
    start: Path | None
    only: tuple[str, ...]
    teacher: Path | None
    teacher_weight: float
    budget: Budget
    seed: int
    batch_size: int
    crop_pixels: int
    val_pixels: int
    learning_rate: float
    freeze_early: bool
    pretrained: bool
    validate_minutes: float
    save_minutes: float
    val_count: int
    workers: int
    threads: int
    command: str


def fingerprint(plan: TrainingPlan, records: Sequence[Record]) -> str:
    """Changes with whatever would make a resumed training another one; budget and intervals may change."""
    settings = (
        plan.architecture,
        plan.classes,
        plan.seed,
        plan.batch_size,
        plan.crop_pixels,
        plan.freeze_early,
        plan.threads,
        *([] if plan.start is None else [plan.start.name, plan.only]),
        # What an earlier network sees is asked at the pictures' size for validation.
        *([plan.val_pixels] if plan.only else []),
        *([] if plan.teacher is None else ["teacher", plan.teacher.name]),
    )
    names = [record.name for record in records]
    return hashlib.sha256(repr((settings, plan.learning_rate, plan.teacher_weight, names)).encode()).hexdigest()[:16]

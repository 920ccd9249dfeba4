import dataclasses
from pathlib import Path

import pytest

from deeplab_cv.pytorch.training.plan import TrainingPlan, fingerprint
from deeplab_cv.pytorch.training.schedule import Budget
from deeplab_cv.tools.data.records import FileSlice, Record

PLAN = TrainingPlan(
    data=Path("data"),
    train_lists=("train",),
    val_lists=("val",),
    out=Path("run"),
    classes=("background", "goat"),
    architecture="deeplabv3_lite",
    start=None,
    only=(),
    teacher=None,
    teacher_weight=1.0,
    budget=Budget(steps=10),
    seed=1,
    batch_size=8,
    crop_pixels=288,
    val_pixels=384,
    learning_rate=1e-3,
    freeze_early=True,
    pretrained=True,
    validate_minutes=10.0,
    save_minutes=3.0,
    val_count=150,
    workers=1,
    threads=2,
    command="app.py train",
)
RECORDS = [Record(name, FileSlice(Path(f"{name}.jpg")), FileSlice(Path(f"{name}.png"))) for name in ("a", "b")]


@pytest.mark.parametrize(
    "change",
    [
        {"budget": Budget(minutes=60)},
        {"validate_minutes": 1.0},
        {"save_minutes": 1.0},
        {"val_count": 5},
        {"val_pixels": 96},
        {"workers": 0},
        {"out": Path("elsewhere")},
        {"data": Path("/moved/data")},
        {"command": "app.py train --resume"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_may_change_when_a_training_is_resumed_does_not_change_its_fingerprint(change: dict) -> None:
    assert fingerprint(dataclasses.replace(PLAN, **change), RECORDS) == fingerprint(PLAN, RECORDS)


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": "deeplabv3_resnet50"},
        {"classes": ("background", "sheep")},
        {"seed": 2},
        {"batch_size": 4},
        {"crop_pixels": 96},
        {"freeze_early": False},
        {"threads": 1},
        {"learning_rate": 1e-4},
        {"teacher_weight": 0.5},
        {"start": Path("mine.onnx")},
        {"start": Path("mine.onnx"), "only": ("goat",)},
        {"teacher": Path("teacher.onnx")},
    ],
    ids=str,
)
def test_what_would_make_another_training_of_it_changes_its_fingerprint(change: dict) -> None:
    assert fingerprint(dataclasses.replace(PLAN, **change), RECORDS) != fingerprint(PLAN, RECORDS)


@pytest.mark.parametrize("records", [[], RECORDS[:1], RECORDS[::-1]], ids=["none", "fewer", "another order"])
def test_other_pictures_change_its_fingerprint(records: list[Record]) -> None:
    assert fingerprint(PLAN, records) != fingerprint(PLAN, RECORDS)


def test_masks_completed_at_another_size_make_another_training() -> None:
    completed = dataclasses.replace(PLAN, start=Path("mine.onnx"), only=("goat",))

    assert fingerprint(dataclasses.replace(completed, val_pixels=96), RECORDS) != fingerprint(completed, RECORDS)


@pytest.mark.parametrize("other", ["start", "teacher"])
def test_the_folder_of_another_network_does_not_count(other: str) -> None:
    here, there = (dataclasses.replace(PLAN, **{other: Path(folder) / "mine.onnx"}) for folder in ("here", "there"))

    assert fingerprint(here, RECORDS) == fingerprint(there, RECORDS)

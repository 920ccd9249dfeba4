import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from rich.progress import Progress

from deeplab_cv.errors import DataError
from deeplab_cv.pytorch.training.plan import TrainingPlan
from deeplab_cv.pytorch.training.preparing import complete_masks, find_lists, prepare_crops
from deeplab_cv.tools.data.records import read_mask
from tests.pytorch.training.test_plan import PLAN
from tests.tiny_networks import tiny_onnx
from tests.tools.data.datasets import png_bytes, write_voc

CLASSES = ("background", "dog", "sheep")


@pytest.fixture
def plan(tmp_path: Path) -> TrainingPlan:
    data = write_voc(tmp_path / "voc", train=3, val=2)
    return dataclasses.replace(
        PLAN, data=data, out=tmp_path / "run", classes=CLASSES, batch_size=2, crop_pixels=64, val_pixels=64
    )


@pytest.fixture
def progress() -> Progress:
    return Progress(disable=True)


def test_the_lists_are_found_in_their_order(plan: TrainingPlan) -> None:
    train, val = find_lists(plan)

    assert [record.name for record in train] == ["p0", "p1", "p2"]
    assert [record.name for record in val] == ["p3", "p4"]


def test_a_picture_on_both_lists_is_named(plan: TrainingPlan) -> None:
    with pytest.raises(DataError, match="on the training and the validation list: p3"):
        find_lists(dataclasses.replace(plan, train_lists=("train", "val")))


def test_crops_know_which_classes_the_masks_show(plan: TrainingPlan, progress: Progress) -> None:
    train, _ = find_lists(plan)

    crops, shown = prepare_crops(dataclasses.replace(plan, classes=(*CLASSES, "kite")), train, progress)

    assert shown.tolist() == [True, True, True, False]
    assert crops[0][0].shape[0] == 2
    [checked] = progress.tasks
    assert (checked.completed, checked.total) == (3, 3)


def test_a_mask_that_is_wrong_stops_before_anything_is_made(plan: TrainingPlan, progress: Progress) -> None:
    train, _ = find_lists(plan)
    (plan.data / "SegmentationClass" / "p1.png").write_bytes(png_bytes(np.full((48, 64), 9, np.uint8)))

    with pytest.raises(DataError, match=r"label 9, the class list ends at 2: .*p1\.png"):
        prepare_crops(plan, train, progress)

    assert not plan.out.exists()


def test_the_teacher_is_asked_for_every_training_picture(
    plan: TrainingPlan, progress: Progress, tmp_path: Path
) -> None:
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    train, _ = find_lists(plan)
    taught = dataclasses.replace(
        plan, teacher=tiny_onnx(tmp_path, shape=(64, 64)), classes=tuple(f"c{number}" for number in range(21))
    )

    crops, _ = prepare_crops(taught, train, progress)

    assert crops.teacher.shape == (3, 21, 8, 8)
    assert crops[0][2].shape[:2] == (2, 21)
    assert [task.completed for task in progress.tasks] == [3, 3]


def test_masks_of_both_lists_keep_what_an_earlier_network_sees(plan: TrainingPlan, progress: Progress) -> None:
    class SeesSheep(torch.nn.Module):
        """A sheep wherever it looks."""

        def forward(self, pictures: "torch.Tensor") -> "torch.Tensor":
            scores = torch.zeros(1, 2, pictures.shape[2] // 8, pictures.shape[3] // 8)
            scores[:, 1] = 1
            return scores

    only_dogs = dataclasses.replace(plan, only=("dog",))
    earlier = (SeesSheep(), ("background", "sheep"))

    lists = complete_masks(only_dogs, earlier, find_lists(plan), torch.device("cpu"), progress)

    assert [len(records) for records in lists] == [3, 2]
    for record in (*lists[0], *lists[1]):
        assert record.mask.path.is_relative_to(plan.out / "masks")
        assert 0 not in read_mask(record, 3)[:8, :8]
    assert progress.tasks[0].completed == 5

import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from rich.progress import Progress

from deeplab_cv.errors import DataError
from deeplab_cv.pytorch.training.plan import TrainingPlan
from deeplab_cv.pytorch.training.preparing import check_lists, complete_masks, find_lists, prepare_crops
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


def test_both_lists_are_checked_and_the_values_of_the_masks_to_learn_from_are_known(
    plan: TrainingPlan, progress: Progress
) -> None:
    values = check_lists(plan, find_lists(plan), (), progress)

    assert [np.flatnonzero(row).tolist() for row in values] == [[0, 1], [0, 2], [0, 1]]
    assert [(task.completed, task.total) for task in progress.tasks] == [(3, 3), (2, 2)]


@pytest.mark.parametrize("name", ["p1", "p4"], ids=["to learn from", "to measure on"])
def test_a_mask_that_is_wrong_stops_before_anything_is_made(plan: TrainingPlan, progress: Progress, name: str) -> None:
    (plan.data / "SegmentationClass" / f"{name}.png").write_bytes(png_bytes(np.full((48, 64), 9, np.uint8)))

    with pytest.raises(DataError, match=rf"label 9, the class list ends at 2: .*{name}\.png"):
        check_lists(plan, find_lists(plan), (), progress)

    assert not plan.out.exists()


@pytest.mark.parametrize(
    ("only", "known", "missed"),
    [((), (), "kite"), ((), ("kite",), ""), (("dog",), (), ""), (("kite",), ("kite",), "kite")],
    ids=str,
)
def test_a_class_that_the_masks_shall_teach_and_do_not_show_is_said(
    plan: TrainingPlan, progress: Progress, caplog: pytest.LogCaptureFixture, only: tuple, known: tuple, missed: str
) -> None:
    wider = dataclasses.replace(plan, classes=(*CLASSES, "kite"), only=only)

    check_lists(wider, find_lists(wider), known, progress)

    assert ("no mask to learn from shows kite" in caplog.text) == bool(missed)


def test_crops_come_from_pictures_of_every_class(plan: TrainingPlan, progress: Progress) -> None:
    lists = find_lists(plan)

    crops = prepare_crops(plan, lists[0], check_lists(plan, lists, (), progress), progress)

    assert crops[0][0].shape[0] == 2


def test_the_teacher_is_asked_for_every_training_picture(
    plan: TrainingPlan, progress: Progress, tmp_path: Path
) -> None:
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    lists = find_lists(plan)
    taught = dataclasses.replace(
        plan, teacher=tiny_onnx(tmp_path, shape=(64, 64)), classes=tuple(f"c{number}" for number in range(21))
    )

    crops = prepare_crops(taught, lists[0], check_lists(taught, lists, (), progress), progress)

    assert crops.teacher.shape == (3, 21, 8, 8)
    assert crops[0][2].shape[:2] == (2, 21)
    assert [task.completed for task in progress.tasks] == [3, 2, 3]


def test_masks_of_both_lists_keep_what_an_earlier_network_sees(
    plan: TrainingPlan, progress: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    class SeesSheep(torch.nn.Module):
        """A sheep wherever it looks."""

        def forward(self, pictures: "torch.Tensor") -> "torch.Tensor":
            scores = torch.zeros(1, 2, pictures.shape[2] // 8, pictures.shape[3] // 8)
            scores[:, 1] = 1
            return scores

    only_dogs = dataclasses.replace(plan, only=("dog",))
    earlier = (SeesSheep(), ("background", "sheep"))

    lists, values = complete_masks(only_dogs, earlier, find_lists(plan), torch.device("cpu"), progress)

    assert "labelling 5 pictures" in capsys.readouterr().out
    assert values[:, 2].all()
    assert [len(records) for records in lists] == [3, 2]
    for record in (*lists[0], *lists[1]):
        assert record.mask.path.is_relative_to(plan.out / "masks")
        assert 0 not in read_mask(record, 3)[:8, :8]
    assert progress.tasks[0].completed == 5

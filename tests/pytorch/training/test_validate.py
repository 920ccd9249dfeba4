from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.frames.size import Size
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
from deeplab_cv.pytorch.training.validate import evaluate_miou, in_words, predict
from deeplab_cv.tools.data.layouts import voc_records
from tests.tools.data.datasets import write_voc


class Brightness(torch.nn.Module):
    """Says class 1 where the left half of a cell of 8x8 pixels is bright."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        bright = torch.nn.functional.avg_pool2d(pictures[:, :1], 8)
        return torch.cat([-bright, bright], dim=1)


@pytest.mark.parametrize("size", [Size(64, 48), Size(33, 77), Size(90, 51)])
def test_labels_come_at_the_pictures_own_size_and_place(size: Size) -> None:
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, width // 2 :] = 255
    labels = predict(Brightness(), ARCHITECTURES["deeplabv3_lite"], picture, 256, torch.device("cpu"))
    assert labels.shape == (height, width)
    assert (labels[:, : width // 2 - 2] == 0).all() and (labels[:, width // 2 + 2 :] == 1).all()


def test_progress_is_told_of_every_picture_that_is_measured(tmp_path: Path) -> None:
    records = voc_records(write_voc(tmp_path / "voc", train=3, val=1), "train")
    done: list[None] = []
    lite, cpu = ARCHITECTURES["deeplabv3_lite"], torch.device("cpu")

    evaluate_miou(Brightness(), lite, records, 3, 64, cpu, lambda: done.append(None))

    assert len(done) == 3


FIGURES = {"miou": 0.198, "iou_goat": 0.85, "iou_kid": float("nan")}


@pytest.mark.parametrize(
    ("only", "words"),
    [
        ((), "mIoU 0.198"),
        (("goat",), "IoU goat 0.850 (mIoU 0.198 of all classes, as the earlier network labelled the others)"),
        (
            ("goat", "kid"),
            "IoU goat 0.850, kid in no picture (mIoU 0.198 of all classes, as the earlier network labelled the others)",
        ),
    ],
    ids=str,
)
def test_with_classes_outlined_alone_their_own_figures_come_first(only: tuple[str, ...], words: str) -> None:
    assert in_words(FIGURES, only) == words

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.errors import DataError, UsageError
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
from deeplab_cv.pytorch.training.completing import Completion, completed_records, without_overlaps
from deeplab_cv.tools.data.layouts import voc_records
from deeplab_cv.tools.data.records import read_mask
from tests.tools.data.datasets import png_bytes, write_voc

CLASSES = ("background", "dog", "sheep", "person")


class LeftIsPerson(torch.nn.Module):
    """Sees a person in the left half of every picture and background in the right; knows a sheep, too."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        scores = torch.zeros(1, 3, pictures.shape[2] // 8, pictures.shape[3] // 8)
        scores[:, 1, :, : scores.shape[3] // 2] = 1
        return scores


def completion(only: tuple[str, ...], earlier: tuple[str, ...] = ("background", "person", "sheep")) -> Completion:
    lite = ARCHITECTURES["deeplabv3_lite"]
    return Completion(
        network=LeftIsPerson(),
        architecture=lite,
        earlier_classes=earlier,
        classes=CLASSES,
        only=only,
        pixels=64,
        device=torch.device("cpu"),
    )


def written(tmp_path: Path, how: Completion) -> np.ndarray:
    """The completed mask of a picture whose own shows a sheep in the middle rows and an unknown last column."""
    voc = write_voc(tmp_path / "voc", train=1, val=1)
    mask = np.zeros((48, 64), np.uint8)
    mask[16:32], mask[:, 63] = 2, 255
    (voc / "SegmentationClass" / "p0.png").write_bytes(png_bytes(mask))
    (record,) = completed_records(voc_records(voc, "train"), how, tmp_path / "masks", lambda: None)
    assert Image.open(tmp_path / "masks" / "p0.png").mode == "P"
    return read_mask(record, 4)


def test_what_the_network_sees_is_kept_where_nothing_was_painted(tmp_path: Path) -> None:
    mask = written(tmp_path, completion(("sheep",)))
    assert (mask[16:32, :60] == 2).all() and (mask[:, 63] == 255).all()
    assert (mask[:14, :28] == 3).all() and (mask[:14, 36:60] == 0).all()


def test_a_class_that_the_masks_show_is_never_added(tmp_path: Path) -> None:
    assert set(np.unique(written(tmp_path, completion(("sheep", "person"))))) == {0, 2, 255}


def test_a_class_that_is_no_longer_wanted_becomes_background(tmp_path: Path) -> None:
    assert set(np.unique(written(tmp_path, completion(("sheep",), ("background", "kite", "sheep"))))) == {0, 2, 255}


def test_what_sticks_out_round_a_painted_object_is_unknown_and_its_neighbour_stays() -> None:
    seen, painted = np.zeros((20, 40), np.uint8), np.zeros((20, 40), bool)
    seen[4:16, 2:16], painted[5:15, 3:15] = 3, True
    seen[4:16, 30:38] = 3
    kept = without_overlaps(seen, painted)
    assert (kept[4, 2:16] == 255).all() and (kept[4:16, 30:38] == 3).all() and (kept[:, 17:30] == 0).all()


def test_a_mask_is_completed_anew_where_its_picture_its_mask_or_the_classes_have_changed(tmp_path: Path) -> None:
    voc = write_voc(tmp_path / "voc", train=1, val=1)
    records = voc_records(voc, "train")
    target = tmp_path / "masks" / "p0.png"

    def made(how: Completion) -> bool:
        """Whether the mask was written."""
        if target.exists():
            os.utime(target, (1, 1))
        completed_records(records, how, tmp_path / "masks", lambda: None)
        return target.stat().st_mtime != 1

    assert [made(completion(only)) for only in (("sheep",), ("sheep",), ("dog",))] == [True, False, True]
    (voc / "SegmentationClass" / "p0.png").write_bytes(png_bytes(np.full((48, 64), 2, np.uint8)))
    assert made(completion(("dog",)))
    assert (np.asarray(Image.open(target)) == 2).all()


def test_a_picture_in_a_folder_of_its_own_has_its_mask_in_one(tmp_path: Path) -> None:
    voc = write_voc(tmp_path / "voc", train=1, val=1)
    record = dataclasses.replace(voc_records(voc, "train")[0], name="cam1/p0")

    completed_records([record], completion(("sheep",)), tmp_path / "masks", lambda: None)

    assert (tmp_path / "masks" / "cam1" / "p0.png").is_file()


def test_two_pictures_of_one_name_are_refused_since_their_masks_would_be_one_file(tmp_path: Path) -> None:
    records = []
    for name in ("one", "two"):
        records += voc_records(write_voc(tmp_path / name, train=1, val=1), "train")

    with pytest.raises(DataError, match="two pictures are called"):
        completed_records(records, completion(("sheep",)), tmp_path / "masks", lambda: None)


def test_a_name_that_is_no_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown class: --only sheeps"):
        completed_records([], completion(("sheeps",)), tmp_path, lambda: None)

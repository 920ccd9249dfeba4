from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deeplab_cv.errors import DataError
from deeplab_cv.tools.data.layouts import voc_records
from deeplab_cv.tools.data.records import survey_classes
from tests.tools.data.datasets import png_bytes, write_voc


def test_the_survey_tells_which_classes_each_picture_has(tmp_path: Path) -> None:
    records = voc_records(write_voc(tmp_path / "voc", train=2, val=1), "train")
    rows = list(survey_classes(records, 3))
    assert [row.tolist() for row in rows] == [[True, True, False], [True, False, True]]


def write_colour_mask(voc: Path) -> None:
    Image.new("RGB", (64, 48)).save(voc / "SegmentationClass/p1.png")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda voc: (voc / "SegmentationClass/p1.png").write_bytes(png_bytes(np.full((48, 64), 3, np.uint8))),
            r"label 3, the class list ends at 2: .*p1\.png",
        ),
        (
            lambda voc: (voc / "SegmentationClass/p1.png").write_bytes(png_bytes(np.zeros((64, 48), np.uint8))),
            r"picture is 64x48, its mask 48x64: .*p1\.png",
        ),
        (lambda voc: (voc / "JPEGImages/p1.jpg").write_bytes(b"no picture"), r"cannot decode a picture: .*p1\.jpg"),
        (lambda voc: (voc / "SegmentationClass/p1.png").write_bytes(b""), r"cannot decode a mask: .*p1\.png"),
        (write_colour_mask, r"mask has colours .*p1\.png"),
    ],
)
def test_a_wrong_picture_or_mask_is_named_in_one_line(tmp_path: Path, damage, message: str) -> None:
    voc = write_voc(tmp_path / "voc", train=2, val=1)
    damage(voc)
    with pytest.raises(DataError, match=message) as caught:
        list(survey_classes(voc_records(voc, "train"), 3))
    assert "\n" not in str(caught.value)


def test_255_is_no_label_outside_the_list(tmp_path: Path) -> None:
    voc = write_voc(tmp_path / "voc", train=1, val=1)
    (voc / "SegmentationClass/p0.png").write_bytes(png_bytes(np.full((48, 64), 255, np.uint8)))
    assert [row.any() for row in survey_classes(voc_records(voc, "train"), 3)] == [False]

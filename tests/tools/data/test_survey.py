from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deeplab_cv.errors import DataError
from deeplab_cv.tools.data.layouts import voc_records
from deeplab_cv.tools.data.survey import check_shown, survey
from tests.tools.data.datasets import png_bytes, write_voc

NAMES = ("background", "dog", "sheep")


def test_the_survey_tells_which_values_each_mask_has(tmp_path: Path) -> None:
    records = voc_records(write_voc(tmp_path / "voc", train=2, val=1), "train")
    assert [np.flatnonzero(row).tolist() for row in survey(records, 3)] == [[0, 1], [0, 2]]


def write_colour_mask(voc: Path) -> None:
    Image.new("RGB", (64, 48)).save(voc / "SegmentationClass/p1.png")


def turn_picture(voc: Path) -> None:
    """The picture says that it is to be turned; its mask is that of the stored picture."""
    path = voc / "JPEGImages/p1.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(path) as picture:
        picture.save(path, exif=exif)


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
        (turn_picture, r"the picture is 48x64 once it is turned by its EXIF, its mask 64x48: .*p1\.png"),
    ],
)
def test_a_wrong_picture_or_mask_is_named_in_one_line(tmp_path: Path, damage, message: str) -> None:
    voc = write_voc(tmp_path / "voc", train=2, val=1)
    damage(voc)
    with pytest.raises(DataError, match=message) as caught:
        list(survey(voc_records(voc, "train"), 3))
    assert "\n" not in str(caught.value)


def checked(tmp_path: Path, values: list[list[int]], names=NAMES, wanted=NAMES) -> None:
    """Check masks that have these values."""
    records = voc_records(write_voc(tmp_path / "voc", train=len(values), val=1), "train")
    shown = np.zeros((len(values), 256), np.bool_)
    for row, present in zip(shown, values, strict=True):
        row[present] = True
    check_shown(shown, records, names, wanted)


def test_masks_of_0_and_255_are_refused_with_what_to_write(tmp_path: Path) -> None:
    message = r"no values but 0 and 255, and 255 means unknown.*p0\.png; save the masks with 1 for dog in place of 255"
    with pytest.raises(DataError, match=message):
        checked(tmp_path, [[0, 255], [0], [255]])


def test_masks_that_are_0_everywhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the masks are 0 everywhere: no class is in them: .*p0\.png"):
        checked(tmp_path, [[0], [0]])


def test_classes_that_no_mask_shows_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    checked(tmp_path, [[0, 1, 255], [0]])

    assert "no mask to learn from shows sheep: it cannot be learned" in caplog.text


def test_of_many_missing_classes_the_first_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = ("background", *(f"c{number}" for number in range(12)))

    checked(tmp_path, [[0, 1]], names, names)

    assert "shows c1, c2, c3, c4, c5, c6, c7, c8 and 3 more:" in caplog.text


def test_a_class_that_need_not_be_learned_is_not_missed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    checked(tmp_path, [[0, 1]], wanted=("dog",))

    assert not caplog.text

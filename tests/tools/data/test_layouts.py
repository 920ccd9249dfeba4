from pathlib import Path

import numpy as np
import pytest

from deeplab_cv.errors import DataError
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.data.records import read_mask, read_pair
from tests.tools.data.datasets import picture_and_mask, png_bytes, webp_bytes, write_shard, write_voc

CLASSES = ("background", "dog", "sheep")


def test_a_voc_folder_gives_the_pictures_of_a_list_in_its_order(tmp_path: Path) -> None:
    write_voc(tmp_path / "voc", train=3, val=2)
    records = find_records(tmp_path / "voc", ["val", "train"], CLASSES, tmp_path)
    assert [record.name for record in records] == ["p3", "p4", "p0", "p1", "p2"]
    assert np.array_equal(read_mask(records[0], 3), picture_and_mask(3, 3)[1])


def test_a_picture_may_have_spaces_in_its_name(tmp_path: Path) -> None:
    voc = write_voc(tmp_path / "voc", train=1, val=1)
    (voc / "JPEGImages/p0.jpg").rename(voc / "JPEGImages/my first goat.jpg")
    (voc / "SegmentationClass/p0.png").rename(voc / "SegmentationClass/my first goat.png")
    (voc / "ImageSets/Segmentation/train.txt").write_text("my first goat\n\n", encoding="utf-8")
    assert [record.name for record in find_records(voc, ["train"], CLASSES, tmp_path)] == ["my first goat"]


def test_shards_are_read_without_unpacking_them(tmp_path: Path) -> None:
    for shard in range(2):
        picture, mask = picture_and_mask(shard, 3)
        members = {f"n{shard}.webp": webp_bytes(picture), f"n{shard}.png": png_bytes(mask)}
        write_shard(tmp_path / f"train-{shard:02d}.tar", members)
    records = find_records(tmp_path, ["train"], CLASSES, tmp_path)
    picture, mask = read_pair(records[1], 3)
    assert [record.name for record in records] == ["n0", "n1"]
    assert np.array_equal(picture, picture_and_mask(1, 3)[0])
    assert np.array_equal(mask, picture_and_mask(1, 3)[1])


def test_a_shard_list_does_not_take_the_shards_of_a_longer_name(tmp_path: Path) -> None:
    picture, mask = picture_and_mask(0, 3)
    for name in ("val-00.tar", "val_coco-00.tar"):
        write_shard(tmp_path / name, {f"{name}.webp": webp_bytes(picture), f"{name}.png": png_bytes(mask)})
    records = find_records(tmp_path, ["val"], CLASSES, tmp_path)
    assert [record.mask.path.name for record in records] == ["val-00.tar"]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("p0\np1\n", "utf-8-sig"),
        ("p0\r\np1\r\n", "utf-16"),
        ("\n p0 \n\np1", "utf-8"),
        ("p0.jpg\np1.JPG\n", "utf-8"),
    ],
)
def test_a_list_is_read_whatever_editor_wrote_it(tmp_path: Path, content: str, encoding: str) -> None:
    voc = write_voc(tmp_path / "voc", train=2, val=1)
    (voc / "ImageSets/Segmentation/train.txt").write_text(content, encoding, newline="")
    assert [record.name for record in find_records(voc, ["train"], CLASSES, tmp_path)] == ["p0", "p1"]


def test_a_list_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    voc = write_voc(tmp_path / "voc", train=1, val=1)
    (voc / "ImageSets/Segmentation/train.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(DataError, match=r"cannot read a list: .*train\.txt .*save it as UTF-8"):
        find_records(voc, ["train"], CLASSES, tmp_path)


@pytest.mark.parametrize("suffix", [".JPG", ".jpeg", ".Jpeg", ".WEBP", ".tif", ".PNG"])
def test_a_picture_is_found_by_any_suffix_in_any_case(tmp_path: Path, suffix: str) -> None:
    voc = write_voc(tmp_path / "voc", train=1, val=1)
    (voc / "JPEGImages/p0.jpg").rename(voc / f"JPEGImages/p0{suffix}")
    (voc / "SegmentationClass/p0.png").rename(voc / "SegmentationClass/p0.PNG")
    (record,) = find_records(voc, ["train"], CLASSES, tmp_path)
    assert (record.picture.path.name, record.mask.path.name) == (f"p0{suffix}", "p0.PNG")


def test_names_with_points_and_folders_are_no_suffixes(tmp_path: Path) -> None:
    voc = write_voc(tmp_path / "voc", train=1, val=1)
    for part, suffix in (("JPEGImages", "jpg"), ("SegmentationClass", "png")):
        (voc / part / "cam.1").mkdir()
        (voc / part / f"p0.{suffix}").rename(voc / part / "cam.1" / f"v1.2.{suffix}")
    (voc / "ImageSets/Segmentation/train.txt").write_text("cam.1/v1.2\n", encoding="utf-8")
    assert [record.name for record in find_records(voc, ["train"], CLASSES, tmp_path)] == ["cam.1/v1.2"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda voc: (voc / "SegmentationClass/p1.png").unlink(), r"mask of 'p1' is missing: .*p1\.png"),
        (lambda voc: (voc / "JPEGImages/p1.jpg").unlink(), r"picture 'p1' is missing: .*p1\.jpg"),
        (lambda voc: (voc / "ImageSets/Segmentation/train.txt").write_text(""), "list 'train' is empty"),
        (lambda voc: (voc / "ImageSets/Segmentation/train.txt").unlink(), r"list 'train' is missing: .*train\.txt"),
    ],
)
def test_what_is_missing_in_a_voc_folder_is_named(tmp_path: Path, damage, message: str) -> None:
    voc = write_voc(tmp_path / "voc", train=2, val=1)
    damage(voc)
    with pytest.raises(DataError, match=message):
        find_records(voc, ["train"], CLASSES, tmp_path)


def test_a_picture_without_mask_in_a_shard_is_named(tmp_path: Path) -> None:
    write_shard(tmp_path / "train-00.tar", {"lonely.webp": webp_bytes(picture_and_mask(0, 3)[0])})
    with pytest.raises(DataError, match=r"mask of 'lonely' is missing: .*train-00\.tar"):
        find_records(tmp_path, ["train"], CLASSES, tmp_path)


@pytest.mark.parametrize(
    "inner",
    [
        "ImageSets/Segmentation/train.txt",
        "train-00.tar",
        "annotations/instances_train.json",
        "train/_annotations.coco.json",
    ],
)
@pytest.mark.parametrize("unpacked", ["goats-3", "export/goats-3"])
def test_a_data_set_in_the_folder_is_named(tmp_path: Path, unpacked: str, inner: str) -> None:
    file = tmp_path / unpacked / inner
    file.parent.mkdir(parents=True)
    file.touch()

    with pytest.raises(DataError, match="no data set found") as error:
        find_records(tmp_path, ["train"], CLASSES, tmp_path)

    assert error.value.remedy == f"name the one in it: {tmp_path / unpacked}"


def test_so_is_the_folder_of_which_one_list_was_named(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "_annotations.coco.json").touch()

    with pytest.raises(DataError, match="name the folder above it: 'train' is one of its lists"):
        find_records(tmp_path / "train", ["train"], CLASSES, tmp_path)


def test_a_folder_without_a_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data set found"):
        find_records(tmp_path, ["train"], CLASSES, tmp_path)

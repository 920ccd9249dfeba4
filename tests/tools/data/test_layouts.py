import json
from pathlib import Path

import numpy as np
import pytest

from deeplab_cv.errors import DataError
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.data.records import read_mask, read_pair
from tests.tools.data.datasets import picture_and_mask, png_bytes, webp_bytes, write_shard, write_voc

CLASSES = ("background", "dog", "sheep")
SQUARE = [0, 0, 40, 0, 40, 40, 0, 40]


def coco_mask_of(folder: Path, categories: dict[int, str], annotations: list, pictures: str) -> np.ndarray:
    """The mask that is drawn for the one picture, number 7, of a COCO data set; `pictures`: where that lies."""
    pytest.importorskip("pycocotools", reason="COCO needs pycocotools (requirements-train.txt)")
    content = {
        "images": [{"id": 7, "file_name": "a.webp", "height": 48, "width": 64}],
        "categories": [{"id": number, "name": name} for number, name in categories.items()],
        "annotations": annotations,
    }
    (folder / "annotations").mkdir()
    (folder / pictures).mkdir(parents=True)
    (folder / "annotations" / "instances_train.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / pictures / "a.webp").write_bytes(webp_bytes(picture_and_mask(0, 3)[0]))
    (record,) = find_records(folder, ["train"], CLASSES, folder / "masks")
    return read_mask(record, 3)


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


@pytest.mark.parametrize("folder", ["images", "train", "images/train"])
def test_coco_polygons_become_labels_and_small_objects_lie_on_large_ones(tmp_path: Path, folder: str) -> None:
    small = [10, 10, 20, 10, 20, 20, 10, 20]
    crowd = {"size": [48, 64], "counts": [48 * 50, 48 * 10, 48 * 4]}
    annotations = [
        {"image_id": 7, "category_id": 18, "area": 100, "segmentation": [small]},
        {"image_id": 7, "category_id": 20, "area": 1600, "segmentation": [SQUARE]},
        {"image_id": 7, "category_id": 20, "area": 480, "iscrowd": 1, "segmentation": crowd},
        {"image_id": 7, "category_id": 1, "area": 9, "segmentation": [[0, 0, 3, 0, 3, 3, 0, 3]]},
    ]
    mask = coco_mask_of(tmp_path, {18: "dog", 20: "sheep", 1: "kite"}, annotations, folder)
    assert [mask[1, 1], mask[30, 30], mask[15, 15], mask[45, 5], mask[5, 55]] == [2, 2, 1, 0, 255]


def test_a_mask_drawn_with_the_brush_of_cvat_is_no_crowd(tmp_path: Path) -> None:
    brush = {"size": [48, 64], "counts": [48 * 50, 48 * 10, 48 * 4]}
    said = {"attributes": {"occluded": False}}
    annotations = [
        {"image_id": 7, "category_id": 2, "area": 480.0, "iscrowd": 1, "segmentation": brush, **said},
        {"image_id": 7, "category_id": 2, "area": 1600.0, "iscrowd": 0, "segmentation": [SQUARE], **said},
    ]
    mask = coco_mask_of(tmp_path, {1: "dog", 2: "sheep"}, annotations, "images/train")
    assert [mask[5, 55], mask[1, 1], mask[45, 5]] == [2, 2, 0]


def test_a_coco_list_of_another_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    for name in ("Validation", "Train"):
        (tmp_path / "annotations" / f"instances_{name}.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"list 'train' is missing: .*instances_train\.json; .*: Train, Validation"):
        find_records(tmp_path, ["train"], CLASSES, tmp_path)


def test_a_coco_picture_without_annotation_is_background(tmp_path: Path) -> None:
    assert not coco_mask_of(tmp_path, {1: "dog", 2: "sheep"}, [], "images/train").any()


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


def test_a_folder_without_a_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data set found"):
        find_records(tmp_path, ["train"], CLASSES, tmp_path)

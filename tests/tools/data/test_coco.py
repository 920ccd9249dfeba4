import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deeplab_cv.classes import VOC_CLASSES, voc_palette
from deeplab_cv.errors import DataError
from deeplab_cv.tools.data.coco import VOC_NAMES, class_labels, coco_records, save_mask
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.data.records import read_mask
from tests.tools.data.datasets import picture_and_mask, webp_bytes

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


def write_annotations(folder: Path, content: object) -> Path:
    """annotations/instances_train.json with this content; returns the folder."""
    (folder / "annotations").mkdir()
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "annotations" / "instances_train.json").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "content",
    ["", "no JSON", "[]", "{}", {"categories": [], "annotations": []}, {"images": [], "categories": [{}]}, [1], "null"],
    ids=str,
)
def test_a_file_that_is_no_list_of_instances_is_one_line(tmp_path: Path, content: object) -> None:
    with pytest.raises(DataError, match=r"cannot read COCO annotations: .*instances_train\.json") as error:
        coco_records(write_annotations(tmp_path, content), "train", CLASSES, tmp_path / "masks")

    assert "\n" not in str(error.value)


def test_categories_of_which_none_is_a_class_are_refused(tmp_path: Path) -> None:
    content = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "kite"}]}

    with pytest.raises(DataError, match="no category is among the classes"):
        coco_records(write_annotations(tmp_path, content), "train", CLASSES, tmp_path / "masks")


def test_a_picture_that_is_not_there_is_named(tmp_path: Path) -> None:
    content = {
        "images": [{"id": 7, "file_name": "gone.webp", "height": 48, "width": 64}],
        "annotations": [],
        "categories": [{"id": 1, "name": "dog"}],
    }

    with pytest.raises(DataError, match="picture 'gone' is missing"):
        coco_records(write_annotations(tmp_path, content), "train", CLASSES, tmp_path / "masks")


def test_a_mask_that_was_drawn_before_is_kept(tmp_path: Path) -> None:
    kept = tmp_path / "masks" / "train" / "a.png"
    kept.parent.mkdir(parents=True)
    save_mask(kept, np.full((48, 64), 1, np.uint8))

    assert (coco_mask_of(tmp_path, {2: "sheep"}, [], "images/train") == 1).all()


def test_categories_are_found_by_coco_s_name_and_by_voc_s() -> None:
    names = [*VOC_NAMES, "dog", "aeroplane", "kite"]
    categories = [{"id": 10 * number, "name": name} for number, name in enumerate(names)]

    labels = class_labels(categories, VOC_CLASSES)

    expected = [VOC_CLASSES.index(name) for name in (*VOC_NAMES.values(), "dog", "aeroplane")]
    assert labels == {10 * number: label for number, label in enumerate(expected)}


def test_a_saved_mask_is_a_palette_png_in_voc_s_colours(tmp_path: Path) -> None:
    mask = np.arange(256, dtype=np.uint8).reshape(16, 16)

    save_mask(tmp_path / "mask.png", mask)

    with Image.open(tmp_path / "mask.png") as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image), mask)
        assert tuple(image.getpalette()[45:48]) == tuple(voc_palette()[15])

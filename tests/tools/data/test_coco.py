import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import DataError
from deeplab_cv.tools.data.coco import VOC_NAMES, class_labels, coco_records
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


def test_a_mask_is_drawn_anew_where_the_outlines_have_changed_and_kept_where_not(tmp_path: Path) -> None:
    sheep = {"image_id": 7, "category_id": 2, "segmentation": [SQUARE]}
    coco_mask_of(tmp_path, {2: "sheep"}, [sheep], "images/train")
    file = tmp_path / "masks" / "train" / "a.png"
    os.utime(file, (1, 1))
    find_records(tmp_path, ["train"], CLASSES, tmp_path / "masks")
    kept = file.stat().st_mtime

    shutil.rmtree(tmp_path / "annotations")
    shutil.rmtree(tmp_path / "images")
    smaller = [0, 0, 10, 0, 10, 10, 0, 10]
    mask = coco_mask_of(tmp_path, {2: "sheep"}, [sheep | {"segmentation": [smaller]}], "images/train")

    assert kept == 1
    assert [mask[5, 5], mask[30, 30]] == [2, 0]


def data_set(folder: Path, images: list, annotations: list, pictures: str = "images", list_name: str = "train") -> Path:
    """A COCO data set of dogs (1) and sheep (2), with a picture for each file name that has none yet."""
    pytest.importorskip("pycocotools", reason="COCO needs pycocotools (requirements-train.txt)")
    content = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "sheep"}],
    }
    for image in images:
        picture = folder / pictures / image["file_name"].replace("\\", "/").removeprefix("/data/")
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(webp_bytes(picture_and_mask(0, 3)[0]))
    (folder / "annotations").mkdir(exist_ok=True)
    (folder / "annotations" / f"instances_{list_name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def labels_of(folder: Path, list_name: str = "train") -> list[list[int]]:
    """The labels besides the background in each mask of a list."""
    records = find_records(folder, [list_name], CLASSES, folder / "masks")
    return [sorted(set(np.unique(read_mask(record, 3)).tolist()) - {0}) for record in records]


@pytest.mark.parametrize(
    "names",
    [
        ("cam1/0001.webp", "cam2/0001.webp"),
        ("0001.webp", "0001.jpg"),
        ("a/0001.webp", "A/0001.WEBP"),
        ("cam1\\0001.webp", "cam2\\0001.webp"),
    ],
)
def test_pictures_of_one_name_have_masks_of_their_own(tmp_path: Path, names: tuple[str, str]) -> None:
    images = [{"id": number, "file_name": name, "width": 64, "height": 48} for number, name in enumerate(names)]
    annotations = [
        {"image_id": number, "category_id": label, "segmentation": [SQUARE]} for number, label in ((0, 1), (1, 2))
    ]

    folder = data_set(tmp_path, images, annotations)

    assert labels_of(folder) == [[1], [2]]
    assert len(list((tmp_path / "masks" / "train").glob("*.png"))) == 2


def test_lists_whose_pictures_have_the_same_names_in_folders_of_their_own_have_no_picture_in_common(
    tmp_path: Path,
) -> None:
    for name, label in (("train", 1), ("val", 2)):
        annotation = {"image_id": 1, "category_id": label, "segmentation": [SQUARE]}
        data_set(tmp_path, [{"id": 1, "file_name": "1.webp"}], [annotation], name, name)

    assert [labels_of(tmp_path, "train"), labels_of(tmp_path, "val")] == [[[1]], [[2]]]
    both = find_records(tmp_path, ["train", "val"], CLASSES, tmp_path / "masks")
    assert [record.name for record in both] == ["train/1", "val/1"]


@pytest.mark.parametrize("file_name", ["sub\\a.webp", "/data/a.webp", "images/a.webp"])
def test_a_picture_is_found_whatever_folders_the_exporter_put_in_front(tmp_path: Path, file_name: str) -> None:
    annotation = {"image_id": 1, "category_id": 1, "segmentation": [SQUARE]}
    folder = data_set(tmp_path, [{"id": 1, "file_name": file_name}], [annotation])

    assert labels_of(folder) == [[1]]


LARGE = {"image_id": 1, "category_id": 2, "segmentation": [[0, 0, 64, 0, 64, 48, 0, 48]]}


@pytest.mark.parametrize(
    ("annotation", "labels"),
    [
        ({"segmentation": SQUARE}, [1, 2]),
        ({"segmentation": [SQUARE, [1, 2, 3, 4]]}, [1, 2]),
        ({"segmentation": [SQUARE], "area": None}, [1, 2]),
        ({"segmentation": [SQUARE], "image_id": "1", "category_id": "1"}, [1, 2]),
        ({"segmentation": [], "bbox": [1, 1, 9, 9]}, [2]),
        ({"segmentation": [[]]}, [2]),
        ({"segmentation": None}, [2]),
        ({}, [2]),
        ({"segmentation": [[1, 2, 3, 4]]}, [2]),
        ({"segmentation": {"size": [48, 64], "counts": []}}, [2]),
        ({"segmentation": {"size": [48, 64], "counts": [0, 100, 48 * 64 - 100]}}, [1, 2]),
    ],
    ids=str,
)
def test_every_form_of_outline_is_drawn_or_passed_over_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, annotation: dict, labels: list[int]
) -> None:
    annotations = [LARGE, {"id": 9, "image_id": 1, "category_id": 1, **annotation}]
    folder = data_set(tmp_path, [{"id": 1, "file_name": "a.webp"}], annotations)

    assert labels_of(folder) == [labels]
    assert ("1 annotations have no outline and are passed over, such as annotation 9 of a.webp" in caplog.text) == (
        labels == [2]
    )


@pytest.mark.parametrize("outline", [{"segmentation": []}, {"segmentation": None}, {}], ids=str)
def test_boxes_alone_are_refused_with_picture_and_annotation(tmp_path: Path, outline: dict) -> None:
    box = {"id": 5, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], **outline}
    folder = data_set(tmp_path, [{"id": 1, "file_name": "a.webp"}], [box])

    with pytest.raises(DataError, match=r"no annotation has an outline, such as annotation 5 of a\.webp") as error:
        labels_of(folder)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "segmentation",
    [
        [[0, 0, 9, 0, 9, 9, 0]],
        [["a", "b", "c", "d", "e", "f"]],
        [[0, 0, 9, None, 9, 9]],
        {"size": [48, 64], "counts": [1, 2]},
        {"size": [9, 9], "counts": [0, 81]},
        {"size": [48], "counts": [0, 81]},
        7,
        [[0, 0, float("nan"), 0, 9, 9]],
    ],
    ids=str,
)
def test_an_outline_that_is_none_is_one_line(tmp_path: Path, segmentation: object) -> None:
    wrong = {"id": 5, "image_id": 1, "category_id": 1, "segmentation": segmentation}
    folder = data_set(tmp_path, [{"id": 1, "file_name": "a.webp"}], [wrong])

    with pytest.raises(DataError, match=r"annotations of a\.webp cannot be drawn: 5: .*instances_train") as error:
        labels_of(folder)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "image", [{}, {"id": 1}, {"file_name": "a.webp"}, {"id": 1, "file_name": None}, {"id": 1, "file_name": ""}], ids=str
)
def test_a_picture_without_name_or_number_is_one_line(tmp_path: Path, image: dict) -> None:
    content = {"images": [image], "annotations": [], "categories": [{"id": 1, "name": "dog"}]}

    with pytest.raises(DataError, match=r"cannot read COCO annotations: .*instances_train\.json") as error:
        coco_records(write_annotations(tmp_path, content), "train", CLASSES, tmp_path / "masks")

    assert "\n" not in str(error.value)


def test_annotations_for_another_size_are_refused(tmp_path: Path) -> None:
    folder = data_set(tmp_path, [{"id": 1, "file_name": "a.webp", "width": 640, "height": 480}], [LARGE])

    with pytest.raises(DataError, match="the picture is 64x48, they are for 640x480"):
        labels_of(folder)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_json_with_a_mark_in_front_is_read(tmp_path: Path, encoding: str) -> None:
    folder = data_set(tmp_path, [{"id": 1, "file_name": "a.webp"}], [LARGE])
    file = folder / "annotations" / "instances_train.json"
    file.write_text(file.read_text(encoding="utf-8"), encoding=encoding)

    assert labels_of(folder) == [[2]]


@pytest.mark.parametrize(
    ("asked", "there"), [("val", "valid"), ("valid", "valid"), ("validation", "valid"), ("train", "train")]
)
def test_roboflow_s_folders_are_read(tmp_path: Path, asked: str, there: str) -> None:
    folder = data_set(tmp_path, [{"id": 1, "file_name": "a.webp"}], [LARGE], there, there)
    (folder / "annotations" / f"instances_{there}.json").rename(folder / there / "_annotations.coco.json")
    (folder / "annotations").rmdir()

    assert labels_of(folder, asked) == [[2]]
    with pytest.raises(DataError, match=f"list 'none' is missing: .*; name those there are: {there}"):
        labels_of(folder, "none")


def test_roboflow_s_pictures_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    folder = data_set(tmp_path, [{"id": 1, "file_name": "a.webp"}], [LARGE], "train/images")
    (folder / "annotations" / "instances_train.json").rename(folder / "train" / "_annotations.coco.json")
    (folder / "annotations").rmdir()

    assert labels_of(folder) == [[2]]


def test_categories_are_found_by_coco_s_name_and_by_voc_s() -> None:
    names = [*VOC_NAMES, "dog", "aeroplane", "kite"]
    categories = [{"id": 10 * number, "name": name} for number, name in enumerate(names)]

    labels = class_labels(categories, VOC_CLASSES)

    expected = [VOC_CLASSES.index(name) for name in (*VOC_NAMES.values(), "dog", "aeroplane")]
    assert labels == {str(10 * number): label for number, label in enumerate(expected)}

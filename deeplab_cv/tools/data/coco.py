"""COCO instances as masks of labels: drawn once from the polygons, then read like any other mask."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from deeplab_cv.classes import voc_palette
from deeplab_cv.errors import DataError
from deeplab_cv.machine.files import whole_file
from deeplab_cv.tools.data.records import IGNORE, FileSlice, Mask, Record

VOC_NAMES = {
    "airplane": "aeroplane",
    "couch": "sofa",
    "dining table": "diningtable",
    "motorcycle": "motorbike",
    "potted plant": "pottedplant",
    "tv": "tvmonitor",
}
"""COCO's names of classes that VOC calls otherwise."""


def coco_records(folder: Path, list_name: str, classes: Sequence[str], masks_folder: Path) -> list[Record]:
    """The records of annotations/instances_LIST.json; categories not among the classes are background.

    Masks go to masks_folder/LIST; those already there are kept. Raises DataError if the JSON is missing or no COCO
    instances file, none of its categories is a class, or a picture is missing.
    """
    path = folder / "annotations" / f"instances_{list_name}.json"
    if not path.is_file():
        there = sorted(each.stem.removeprefix("instances_") for each in path.parent.glob("instances_*.json"))
        raise DataError(f"list '{list_name}' is missing", path, f"name those that are there: {', '.join(there)}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        labels = class_labels(content["categories"], classes)
        annotations: dict[int, list[dict[str, Any]]] = {}
        for annotation in content["annotations"]:
            annotations.setdefault(annotation["image_id"], []).append(annotation)
        images = content["images"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError("cannot read COCO annotations", path, f"expected an instances JSON ({error!r})") from error
    if not labels:
        raise DataError("no category is among the classes", path, "name the file's categories in --classes")
    target = masks_folder / list_name
    target.mkdir(parents=True, exist_ok=True)
    records = []
    for image in images:
        name = Path(image["file_name"]).stem
        candidates = [folder / part / image["file_name"] for part in (list_name, "images", f"images/{list_name}")]
        picture = next((candidate for candidate in candidates if candidate.is_file()), None)
        if picture is None:
            raise DataError(f"picture '{name}' is missing", candidates[0], f"add it or take it out of {path.name}")
        mask_path = target / f"{name}.png"
        if not mask_path.is_file():
            mask = draw_mask(annotations.get(image["id"], []), labels, image["height"], image["width"])
            save_mask(mask_path, mask)
        records.append(Record(name, FileSlice(picture), FileSlice(mask_path)))
    return records


def class_labels(categories: Sequence[dict[str, Any]], classes: Sequence[str]) -> dict[int, int]:
    """Category id -> label, for the categories that are among the classes under COCO's name or VOC's."""
    label_of = {name: label for label, name in enumerate(classes)}
    found = {}
    for category in categories:
        name = category["name"]
        label = label_of.get(name, label_of.get(VOC_NAMES.get(name, "")))
        if label is not None:
            found[category["id"]] = label
    return found


def draw_mask(annotations: Sequence[dict[str, Any]], labels: dict[int, int], height: int, width: int) -> Mask:
    """Labels uint8 (height, width): large objects first, so that small ones lie on them; crowds are 255.

    CVAT marks every mask drawn with its brush as a crowd. Its annotations have `attributes`, which COCO's own lack.
    """
    # Needed for COCO's outlines alone.
    from pycocotools import mask as coco_mask

    mask = np.zeros((height, width), np.uint8)
    for annotation in sorted(annotations, key=lambda annotation: -annotation["area"]):
        label = labels.get(annotation["category_id"])
        if label is None:
            continue
        segmentation = annotation["segmentation"]
        if isinstance(segmentation, list):
            encoded = coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
        elif isinstance(segmentation["counts"], list):
            encoded = coco_mask.frPyObjects(segmentation, height, width)
        else:
            encoded = segmentation
        crowd = annotation.get("iscrowd") and "attributes" not in annotation
        mask[coco_mask.decode(encoded) > 0] = IGNORE if crowd else label
    return mask


def save_mask(path: Path, mask: Mask) -> None:
    """Write a mask as a palette PNG in VOC's colours; a file of the final name is always whole."""
    image = Image.fromarray(mask)
    image.putpalette([value for colour in voc_palette() for value in colour])
    with whole_file(path) as temporary:
        image.save(temporary, format="png")

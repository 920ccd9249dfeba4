"""COCO instances as masks of labels: drawn once from the outlines, then read like any other mask."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deeplab_cv.errors import DataError, as_typed
from deeplab_cv.frames.size import Size
from deeplab_cv.tools.data.mask_files import is_made_from, origin_of, save_mask
from deeplab_cv.tools.data.outlines import Annotation, draw_mask, has_outline
from deeplab_cv.tools.data.records import FileSlice, Record, picture_sizes

VOC_NAMES = {
    "airplane": "aeroplane",
    "couch": "sofa",
    "dining table": "diningtable",
    "motorcycle": "motorbike",
    "potted plant": "pottedplant",
    "tv": "tvmonitor",
}
"""COCO's names of classes that VOC calls otherwise."""

ROBOFLOW_FILE = "_annotations.coco.json"
"""Lies beside the pictures of each list."""

_VALIDATION = ("val", "valid", "validation")
"""What the same list is called by one or another."""

_MANY = 1000
"""Pictures whose masks take more than seconds to draw."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Instances:
    """What a file of instances says.

    Attributes:
        images: its pictures.
        annotations: those of each picture that are of a class, by its id as text.
        labels: the label of each category that is a class, by its id as text.
    """

    images: list[dict[str, Any]]
    annotations: dict[str, list[Annotation]]
    labels: dict[str, int]


def is_coco(folder: Path) -> bool:
    """Whether a folder has COCO's layout, or Roboflow's of it."""
    return (folder / "annotations").is_dir() or any(folder.glob(f"*/{ROBOFLOW_FILE}"))


def coco_records(folder: Path, list_name: str, classes: Sequence[str], masks_folder: Path) -> list[Record]:
    """The records of a list; categories that are not among the classes are background.

    Masks go to masks_folder/LIST; those that were made from the same outlines are kept. Annotations without an outline
    are passed over and counted.

    Args:
        folder: with annotations/instances_LIST.json, or with LIST/_annotations.coco.json.
        list_name: of the list; `val` and `validation` find Roboflow's `valid` as well.
        classes: the names behind the masks' labels.
        masks_folder: where masks are kept.

    Raises:
        DataError: the JSON is missing or no COCO instances file, none of its categories is a class, all that is
            annotated are boxes, or a picture is missing.
    """
    path = instances_file(folder, list_name)
    instances = read_instances(path, classes)
    if len(instances.images) > _MANY:
        _log.info("drawing the masks of %d pictures: %s", len(instances.images), as_typed(path))
    records: list[Record] = []
    bare: list[str] = []
    outlined = 0
    taken: set[str] = set()
    for image in instances.images:
        file_name = image["file_name"]
        picture = find_picture(folder, list_name, path, file_name)
        name = f"{list_name}/{free_name(picture.stem, taken)}"
        record = Record(name, FileSlice(picture), FileSlice(masks_folder / f"{name}.png"))
        annotations = instances.annotations.get(str(image["id"]), [])
        boxes = [each for each in annotations if not has_outline(each)]
        bare += [f"annotation {each.get('id')} of {file_name}" for each in boxes]
        outlined += len(annotations) - len(boxes)
        _draw(record, image, annotations, instances.labels, path)
        records.append(record)
    if bare and not outlined:
        what = f"no annotation has an outline, such as {bare[0]}: boxes alone do not tell what a pixel is"
        raise DataError(what, path, "draw polygons or masks")
    if bare:
        _log.warning("%s: %d annotations have no outline and are passed over, such as %s", path, len(bare), bare[0])
    return records


def instances_file(folder: Path, list_name: str) -> Path:
    """Where the instances of a list lie; raises DataError naming the lists that are there."""
    path = folder / "annotations" / f"instances_{list_name}.json"
    names: list[str] = [list_name, *(_VALIDATION if list_name in _VALIDATION else ())]
    beside = [folder / name / ROBOFLOW_FILE for name in names]
    found = next((each for each in (path, *beside) if each.is_file()), None)
    if found is None:
        there = [each.stem.removeprefix("instances_") for each in path.parent.glob("instances_*.json")]
        there += [each.parent.name for each in folder.glob(f"*/{ROBOFLOW_FILE}")]
        expected = path if path.parent.is_dir() else beside[0]
        raise DataError(f"list '{list_name}' is missing", expected, f"name those there are: {', '.join(sorted(there))}")
    return found


def read_instances(path: Path, classes: Sequence[str]) -> Instances:
    """What a file of instances says of some classes; raises DataError if it is none, or has none of the classes."""
    try:
        # The bytes say themselves whether they are UTF-8 or UTF-16, with or without a mark in front.
        content = json.loads(path.read_bytes())
        labels = class_labels(content["categories"], classes)
        images = [{**image, "file_name": _file_name(image), "id": image["id"]} for image in content["images"]]
        annotations: dict[str, list[Annotation]] = {}
        for annotation in content["annotations"]:
            if str(annotation.get("category_id")) in labels:
                annotations.setdefault(str(annotation["image_id"]), []).append(annotation)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = "cannot read COCO annotations"
        raise DataError(what, path, "export them as COCO instances", cause=repr(error)) from error
    if not labels:
        raise DataError("no category is among the classes", path, "name the file's categories in --classes")
    return Instances(images, annotations, labels)


def class_labels(categories: Sequence[dict[str, Any]], classes: Sequence[str]) -> dict[str, int]:
    """Category id as text -> label, for the categories that are among the classes under COCO's name or VOC's."""
    label_of = {name: label for label, name in enumerate(classes)}
    found = {}
    for category in categories:
        name = category["name"]
        label = label_of.get(name, label_of.get(VOC_NAMES.get(name, "")))
        if label is not None:
            found[str(category["id"])] = label
    return found


def find_picture(folder: Path, list_name: str, path: Path, file_name: str) -> Path:
    """The file of a picture: beside its JSON or in images/ there, or in LIST/, images/, images/LIST/ or the folder.

    Raises DataError if it is in none of them.
    """
    beside = [path.parent, path.parent / "images"] if path.name == ROBOFLOW_FILE else []
    folders = [*beside, folder / list_name, folder / "images", folder / "images" / list_name, folder]
    # Exporters put folders of their own machine in front.
    names = dict.fromkeys((file_name, Path(file_name).name))
    candidates = [each / name for name in names for each in folders]
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is None:
        what = f"picture '{Path(file_name).stem}' is missing"
        raise DataError(what, candidates[0], f"add it or take it out of {path.name}")
    return found


def free_name(stem: str, taken: set[str]) -> str:
    """A name that no other picture of the list has, in any case of letters; it is put among those taken."""
    name, number = stem, 2
    while name.casefold() in taken:
        name, number = f"{stem}-{number}", number + 1
    taken.add(name.casefold())
    return name


def _file_name(image: dict[str, Any]) -> str:
    """A picture's name; Windows' exporters write backslashes, which no other name has."""
    name = image["file_name"]
    if not isinstance(name, str) or not Path(name).name:
        raise ValueError(f"file_name is {name!r}")
    return name.replace("\\", "/")


def _draw(
    record: Record, image: dict[str, Any], annotations: Sequence[Annotation], labels: dict[str, int], path: Path
) -> None:
    """Draw a picture's mask, unless one that was made from the same lies there."""
    origin = origin_of(annotations, labels, image.get("height"), image.get("width"))
    if is_made_from(record.mask.path, origin):
        return
    shown, stored = picture_sizes(record.picture)
    try:
        # Some exporters leave the size out.
        stated = Size(int(image.get("width") or shown.width), int(image.get("height") or shown.height))
        if stated not in (shown, stored):
            raise ValueError(f"the picture is {shown}, they are for {stated}")
        mask = draw_mask(annotations, labels, stated)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        ids = ", ".join(str(each.get("id")) for each in annotations)
        what = f"annotations of {image['file_name']} cannot be drawn: {ids or 'none'}"
        raise DataError(what, path, "draw them anew or export them again", cause=error) from error
    save_mask(record.mask.path, mask, origin)

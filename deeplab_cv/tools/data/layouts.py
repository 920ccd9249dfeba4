"""Finds the pictures and masks of a list in the layouts people have: VOC folder, tar shards, COCO.

A VOC folder has JPEGImages, SegmentationClass and ImageSets/Segmentation/LIST.txt (the devkit's layout).
Tar shards are files LIST-00.tar, LIST-01.tar ... of NAME.webp (or .jpg, .png) and NAME.png (WebDataset's habit).
A COCO folder has annotations/instances_LIST.json and the pictures in LIST/, images/ or images/LIST/ (CVAT's).
"""

import tarfile
from collections.abc import Sequence
from pathlib import Path

from deeplab_cv.errors import DataError
from deeplab_cv.tools.data.records import FileSlice, Record

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".webp", ".bmp")


def find_records(folder: Path, lists: Sequence[str], classes: Sequence[str], masks_folder: Path) -> list[Record]:
    """The records of some lists, in the lists' own order.

    Args:
        folder: of the data set.
        lists: their names.
        classes: the names behind the masks' labels.
        masks_folder: where the masks drawn from COCO's polygons are kept (only used for that layout).

    Raises:
        DataError: the folder has none of the three layouts, or a list is missing or empty.
    """
    records: list[Record] = []
    for name in lists:
        if (folder / "ImageSets" / "Segmentation").is_dir():
            found = voc_records(folder, name)
        elif any(folder.glob("*.tar")):
            found = shard_records(folder, name)
        elif (folder / "annotations").is_dir():
            # pycocotools is needed for this layout alone.
            from deeplab_cv.tools.data.coco import coco_records

            found = coco_records(folder, name, classes, masks_folder)
        else:
            raise DataError(
                "no data set found",
                folder,
                "expected ImageSets/Segmentation (VOC), LIST-00.tar (shards) or annotations (COCO) in it",
            )
        if not found:
            raise DataError(f"list '{name}' is empty", folder, "put at least one picture on it")
        records += found
    return records


def voc_records(folder: Path, list_name: str) -> list[Record]:
    """The records of one list of a folder in VOC layout."""
    list_path = folder / "ImageSets" / "Segmentation" / f"{list_name}.txt"
    if not list_path.is_file():
        raise DataError(f"list '{list_name}' is missing", list_path, "write one picture name per line")
    records = []
    names = (line.strip() for line in list_path.read_text(encoding="utf-8").splitlines())
    for name in filter(None, names):
        candidates = [folder / "JPEGImages" / f"{name}{suffix}" for suffix in (*PICTURE_SUFFIXES, ".png")]
        picture = next((path for path in candidates if path.is_file()), None)
        mask = folder / "SegmentationClass" / f"{name}.png"
        if picture is None:
            raise DataError(f"picture '{name}' is missing", candidates[0], f"add it or take it off {list_path}")
        if not mask.is_file():
            raise DataError(f"mask of '{name}' is missing", mask, f"add it or take it off {list_path}")
        records.append(Record(name, FileSlice(picture), FileSlice(mask)))
    return records


def shard_records(folder: Path, list_name: str) -> list[Record]:
    """The records of the shards LIST-*.tar of one list; the archives are indexed, not unpacked."""
    shards = sorted(folder.glob(f"{list_name}-[0-9]*.tar"))
    if not shards:
        raise DataError(f"no shard of list '{list_name}'", folder / f"{list_name}-00.tar", "see --train-lists")
    records = []
    for shard in shards:
        pictures: dict[str, FileSlice] = {}
        masks: dict[str, FileSlice] = {}
        try:
            with tarfile.open(shard) as archive:
                members = [member for member in archive if member.isfile()]
        except (OSError, tarfile.TarError) as error:
            raise DataError("cannot read a shard", shard, "fetch it again", cause=error) from error
        for member in members:
            stem, suffix = Path(member.name).with_suffix("").as_posix(), Path(member.name).suffix.lower()
            target = masks if suffix == ".png" else pictures if suffix in PICTURE_SUFFIXES else None
            if target is not None:
                target[stem] = FileSlice(shard, offset=member.offset_data, size=member.size, member=member.name)
        for stem in pictures.keys() ^ masks.keys():
            missing = "mask" if stem in pictures else "picture"
            raise DataError(f"{missing} of '{stem}' is missing", shard, "write NAME.webp and NAME.png for each name")
        records += [Record(stem, pictures[stem], masks[stem]) for stem in pictures]
    return records

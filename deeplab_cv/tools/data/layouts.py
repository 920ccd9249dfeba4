"""Finds the pictures and masks of a list in the layouts people have: VOC folder, tar shards, COCO.

A VOC folder has JPEGImages, SegmentationClass and ImageSets/Segmentation/LIST.txt (the devkit's layout).
Tar shards are files LIST-00.tar, LIST-01.tar ... of NAME.webp (or .jpg) and NAME.png, its mask (WebDataset's habit).
A COCO folder has annotations/instances_LIST.json and the pictures in LIST/, images/ or images/LIST/ (CVAT's), or
LIST/_annotations.coco.json beside the pictures (Roboflow's).
"""

import tarfile
from collections.abc import Collection, Sequence
from pathlib import Path

from deeplab_cv.errors import DataError, as_typed
from deeplab_cv.machine.files import text_of
from deeplab_cv.sources.naming import PICTURE_EXTENSIONS
from deeplab_cv.tools.data.coco import ROBOFLOW_FILE, coco_records, is_coco
from deeplab_cv.tools.data.foreign_layouts import what_to_do
from deeplab_cv.tools.data.records import FileSlice, Record

_MANY = 200
"""Folders that are looked into for a data set."""


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
        if _is_voc(folder):
            found = voc_records(folder, name)
        elif _has_shards(folder):
            found = shard_records(folder, name)
        elif is_coco(folder):
            found = coco_records(folder, name, classes, masks_folder)
        else:
            raise DataError("no data set found", folder, _where_it_is(folder) or what_to_do(folder))
        if not found:
            raise DataError(f"list '{name}' is empty", folder, "put at least one picture on it")
        records += found
    return records


def _is_voc(folder: Path) -> bool:
    return (folder / "ImageSets" / "Segmentation").is_dir()


def _has_shards(folder: Path) -> bool:
    return any(folder.glob("*.tar"))


def _where_it_is(folder: Path) -> str:
    """What to name instead, where the data set lies in the folder, as an archive unpacks it, or around it; else ''."""
    if (folder / ROBOFLOW_FILE).is_file():
        return f"name the folder above it: '{folder.resolve().name}' is one of its lists"
    inner = (each for depth in ("*/", "*/*/") for each in sorted(folder.glob(depth))[:_MANY])
    found = next((each for each in inner if _is_voc(each) or _has_shards(each) or is_coco(each)), None)
    return "" if found is None else f"name the one in it: {as_typed(found)}"


def voc_records(folder: Path, list_name: str) -> list[Record]:
    """The records of one list of a folder in VOC layout."""
    list_path = folder / "ImageSets" / "Segmentation" / f"{list_name}.txt"
    if not list_path.is_file():
        raise DataError(f"list '{list_name}' is missing", list_path, "write one picture name per line")
    pictures = _FilesByName(folder / "JPEGImages", PICTURE_EXTENSIONS)
    masks = _FilesByName(folder / "SegmentationClass", {".png"})
    records = []
    for line in _lines(list_path):
        # Some lists have whole file names.
        whole = pictures.find(line) is None and Path(line).suffix.lower() in PICTURE_EXTENSIONS
        name = str(Path(line).with_suffix("")) if whole else line
        picture, mask = pictures.find(name), masks.find(name)
        if picture is None:
            place = folder / "JPEGImages" / f"{line}.jpg"
            raise DataError(f"picture '{line}' is missing", place, f"add it or take it off {as_typed(list_path)}")
        if mask is None:
            place = folder / "SegmentationClass" / f"{name}.png"
            raise DataError(f"mask of '{name}' is missing", place, f"add it or take it off {as_typed(list_path)}")
        records.append(Record(name, FileSlice(picture), FileSlice(mask)))
    return records


class _FilesByName:
    """Finds files of some kinds by their name without suffix, which is upper case in many cameras."""

    def __init__(self, folder: Path, suffixes: Collection[str]) -> None:
        self._folder, self._suffixes = folder, suffixes
        self._found: dict[Path, dict[str, Path]] = {}

    def find(self, name: str) -> Path | None:
        """The file of this name below the folder, whatever its suffix; None if there is none."""
        folder = (self._folder / name).parent
        if folder not in self._found:
            files = sorted(folder.iterdir(), reverse=True) if folder.is_dir() else []
            # The last entry of a name stays: .jpg comes before .png.
            self._found[folder] = {each.stem: each for each in files if each.suffix.lower() in self._suffixes}
        return self._found[folder].get(Path(name).name)


def _lines(path: Path) -> list[str]:
    """The lines of a list without blank ones, whichever editor wrote it. Raises DataError if it is no text."""
    try:
        lines = text_of(path.read_bytes()).splitlines()
    except (OSError, ValueError) as error:
        raise DataError("cannot read a list", path, "save it as UTF-8, a picture name a line", cause=error) from error
    return [line.strip() for line in lines if line.strip()]


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
            target = masks if suffix == ".png" else pictures if suffix in PICTURE_EXTENSIONS else None
            if target is not None:
                target[stem] = FileSlice(shard, offset=member.offset_data, size=member.size, member=member.name)
        for stem in pictures.keys() ^ masks.keys():
            missing = "mask" if stem in pictures else "picture"
            raise DataError(f"{missing} of '{stem}' is missing", shard, "write NAME.webp and NAME.png for each name")
        records += [Record(stem, pictures[stem], masks[stem]) for stem in pictures]
    return records

"""What other tools write for training, and what is to be done with it here."""

from collections.abc import Iterator
from pathlib import Path

_EXPECTED = (
    "expected ImageSets/Segmentation (VOC), LIST-00.tar (shards), annotations (COCO) or LIST/_annotations.coco.json "
    "(Roboflow) in it"
)
_MANY = 200
"""Files of a folder that are looked at."""


def what_to_do(folder: Path) -> str:
    """How a folder that is no data set becomes one, as far as its files show which tool wrote them."""
    if not folder.is_dir():
        return "name an existing folder"
    files = list(_some_files(folder))
    if any(file.suffix == ".json" and _is_labelme(file) for file in files):
        return "these are labelme's outlines: make masks of them with its labelme2voc.py (docs/train-your-own.md)"
    if any(file.name in ("data.yaml", "dataset.yaml") for file in files) or (folder / "labels").is_dir():
        return "this is YOLO's layout: export it as COCO segmentation, whose outlines are read as they are"
    if any(file.name == "_classes.csv" for file in files):
        return "these are Roboflow's masks: export it as COCO segmentation, whose outlines are read as they are"
    if any(file.name == "labelmap.txt" for file in files):
        return "this is CVAT's 'Segmentation mask': export it as COCO 1.0 (docs/train-your-own.md)"
    if any(file.suffix == ".json" and _starts(file, b'"annotations"') for file in files):
        return "these are COCO annotations: put the file at annotations/instances_train.json, its pictures in images/"
    if any(file.suffix == ".xml" for file in files):
        return "these are boxes, which do not tell what a pixel is: outline the objects (docs/train-your-own.md)"
    return _EXPECTED


def _some_files(folder: Path) -> Iterator[Path]:
    """The first files in the folder and in the folders in it."""
    for place in (folder, *sorted(each for each in folder.iterdir() if each.is_dir())):
        for number, file in enumerate(sorted(place.iterdir())):
            if number < _MANY and file.is_file():
                yield file


def _is_labelme(file: Path) -> bool:
    return _starts(file, b'"shapes"') or _starts(file, b'"imagePath"')


def _starts(file: Path, word: bytes) -> bool:
    """Whether a word stands near the beginning of a file, or near its end: keys have any order."""
    try:
        data = file.read_bytes()
    except OSError:
        return False
    return word in data[:10_000] or word in data[-10_000:]

"""Packs what the machine with the GPU needs: pictures in packages of at most 60 MB, start weights, the teacher,
platformdirs.

    python benchmarks/gpu_training/pack.py DATA TEACHER.onnx OUT

OUT/package-1, OUT/package-2 ... are sent one after the other; prepare.py there turns each into tensors.
"""

import argparse
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import torch

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.networks.opening import default_network_file
from deeplab_cv.pytorch.training.start import earlier_network
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.data.records import Record

PACKAGE_BYTES = 60_000_000
VAL_PICTURES = 200
"""Of each list that is only measured: enough to see there that nothing goes wrong."""
LISTS = ("val", "val_webcam", "train", "animals", "person2", "person")


def main() -> None:
    """Write the packages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of tar shards")
    parser.add_argument("teacher", type=Path, help="the teacher's ONNX file")
    parser.add_argument("out", type=Path, help="folder to write")
    arguments = parser.parse_args()
    first = arguments.out / "package-1"
    first.mkdir(parents=True, exist_ok=True)
    network, _ = earlier_network(default_network_file(), "deeplabv3_lite")
    # As the exported file holds them.
    weights = {
        name: value.half() if value.is_floating_point() else value for name, value in network.state_dict().items()
    }
    torch.save(weights, first / "start.pt")
    shutil.copy(arguments.teacher, first / "teacher.onnx")
    site = first / "site" / "platformdirs"
    shutil.copytree(Path(platformdirs.__file__).parent, site, ignore=shutil.ignore_patterns("__pycache__"))
    number, used = 1, sum(path.stat().st_size for path in first.rglob("*"))
    archive = zipfile.ZipFile(first / "pictures.zip", "w")
    for name, content in members(arguments.data):
        if used + len(content) > PACKAGE_BYTES and name.endswith(".webp"):
            archive.close()
            number, used = number + 1, 0
            folder = arguments.out / f"package-{number}"
            folder.mkdir(exist_ok=True)
            archive = zipfile.ZipFile(folder / "pictures.zip", "w")
        archive.writestr(name, content)
        used += len(content) + 2 * len(name) + 120
    archive.close()
    print(f"{number} packages")


def members(data: Path) -> Iterator[tuple[str, bytes]]:
    """LIST/NAME.webp and LIST/NAME.png of every picture, in this order."""
    for name in LISTS:
        records: list[Record] = find_records(data, (name,), VOC_CLASSES, data)
        for record in records[: VAL_PICTURES if name.startswith("val") else None]:
            yield f"{name}/{record.name}.webp", record.picture.read()
            yield f"{name}/{record.name}.png", record.mask.read()


if __name__ == "__main__":
    main()

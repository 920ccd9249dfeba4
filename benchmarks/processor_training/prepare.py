"""Decodes the pictures to learn from and asks the teacher, once: python prepare.py DATA TEACHER.onnx FOLDER

FOLDER/pictures.pt has `Pictures` of ../gpu_training, to be mapped into memory: 9 GB for 10,732 pictures.
"""

import multiprocessing
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "gpu_training"))
sys.path.insert(0, str(Path(__file__).parents[2]))

from pictures import decode

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.pytorch.training.teacher import teacher_scores
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.data.records import Record

LISTS = ("train", "person", "animals", "person2")


def read(record: Record) -> tuple[np.ndarray, np.ndarray, tuple[int, int], np.ndarray]:
    return decode((record.picture.read(), record.mask.read()))


def main() -> None:
    data, teacher, folder = map(Path, sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    by_list = [(name, find_records(data, (name,), VOC_CLASSES, folder)) for name in LISTS]
    records = [record for _, members in by_list for record in members]
    scores = teacher_scores(teacher, records, len(VOC_CLASSES), folder, lambda done: None)
    with multiprocessing.Pool() as pool:
        pictures, masks, sizes, presence = zip(*pool.map(read, records, chunksize=32), strict=True)
    content = {
        "lists": [name for name, members in by_list for _ in members],
        "rgb": torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(),
        "labels": torch.from_numpy(np.stack(masks)),
        "sizes": torch.tensor(sizes),
        "presence": torch.from_numpy(np.stack(presence)),
        "teacher": torch.from_numpy(np.load(scores)),
    }
    torch.save(content, folder / "pictures.pt")
    print(f"{len(records)} pictures")


if __name__ == "__main__":
    main()

"""The teacher of a distillation: its scores for every training picture, computed once and kept on disk.

Source: Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import openvino as ov

from deeplab_cv.errors import NetworkError
from deeplab_cv.machine.files import whole_file
from deeplab_cv.tools.data.records import Record, read_rgb

TeacherScores = npt.NDArray[np.float16]

SHARD_LENGTH = 256
"""Pictures per file: a stopped computation loses at most this many."""


def teacher_scores(
    teacher_path: Path, records: Sequence[Record], class_count: int, folder: Path, progress: Callable[[int], None]
) -> Path:
    """Compute what is not yet in `folder` and return the file of all scores.

    The file is a NumPy array float16 (pictures, class_count, h, w) in the order of `records`: the whole picture
    squeezed into the teacher's square, the scores at its own stride with the corners aligned.

    Args:
        teacher_path: the teacher's ONNX file.
        records: the pictures.
        class_count: how many classes the teacher must know.
        folder: where the scores are kept.
        progress: called with the number of pictures done.

    Raises:
        NetworkError: the teacher cannot be read, or has another number of classes.
    """
    key = cache_key(teacher_path, records)
    whole = folder / f"teacher-{key}.npy"
    if whole.is_file():
        progress(len(records))
        return whole
    folder.mkdir(parents=True, exist_ok=True)
    core = ov.Core()
    try:
        model = core.read_model(teacher_path)
    except RuntimeError as error:
        raise NetworkError("cannot read the teacher", teacher_path, "give an ONNX file") from error
    scores_shape = tuple(model.output(0).shape)[1:]
    if scores_shape[0] != class_count:
        raise NetworkError(
            f"teacher knows {scores_shape[0]} classes, the class list has {class_count}",
            teacher_path,
            "give a teacher of the same classes",
        )
    input_height, input_width = model.input(0).shape[2:]
    queue = ov.AsyncInferQueue(core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "THROUGHPUT"}))
    parts = []
    for start in range(0, len(records), SHARD_LENGTH):
        chunk = records[start : start + SHARD_LENGTH]
        part_path = folder / f"teacher-{key}-{start:06d}.npy"
        parts.append(part_path)
        if not part_path.is_file():
            scores = np.empty((len(chunk), *scores_shape), np.float16)
            queue.set_callback(lambda request, row, scores=scores: store(request, row, scores))
            for row, record in enumerate(chunk):
                queue.start_async({0: teacher_input(record, input_width, input_height)}, row)
            queue.wait_all()
            with whole_file(part_path) as temporary:
                np.save(temporary, scores)
        progress(min(start + SHARD_LENGTH, len(records)))
    join_parts(parts, whole, (len(records), *scores_shape))
    return whole


def store(request: "ov.InferRequest", row: int, scores: TeacherScores) -> None:
    """Keep the result of one request in its row."""
    scores[row] = request.get_output_tensor(0).data[0]


def teacher_input(record: Record, width: int, height: int) -> npt.NDArray[np.float32]:
    """The picture squeezed to the teacher's input: float32 (1, 3, height, width), RGB, -1..1."""
    squeezed = cv2.resize(read_rgb(record), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray((squeezed.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1))[None]


def cache_key(teacher_path: Path, records: Sequence[Record]) -> str:
    """Twelve hex digits that change with the teacher and with the list of pictures."""
    try:
        digest = hashlib.sha256(teacher_path.read_bytes())
    except OSError as error:
        raise NetworkError("cannot read the teacher", teacher_path, "give an ONNX file") from error
    digest.update(json.dumps([[record.name, record.picture.size] for record in records]).encode())
    return digest.hexdigest()[:12]


def join_parts(parts: Sequence[Path], whole: Path, shape: tuple[int, ...]) -> None:
    """Put the parts one behind the other into one file, then remove them."""
    with whole_file(whole) as temporary:
        joined = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float16, shape=shape)
        row = 0
        for part in parts:
            scores = np.load(part)
            joined[row : row + len(scores)] = scores
            row += len(scores)
        joined.flush()
    for part in parts:
        part.unlink()

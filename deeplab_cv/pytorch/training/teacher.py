"""The teacher of a distillation: its scores for every training picture, computed once and kept on disk.

Source: Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import RLock

import cv2
import numpy as np
import numpy.typing as npt
import openvino as ov

from deeplab_cv.errors import NetworkError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import whole_file
from deeplab_cv.pytorch.training.teacher_sizes import teacher_size
from deeplab_cv.tools.data.records import Picture, Record, read_rgb

TeacherScores = npt.NDArray[np.float16]

SHARD_LENGTH = 256
"""Pictures per file: a stopped computation loses at most this many."""

HOW_ASKED = b"own shape, mirrored"
"""Part of the key, so that scores asked in another way are not taken for these."""

STREAMS = 2
"""Pictures side by side."""

OPTIONS = {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": STREAMS}


def teacher_scores(
    teacher_path: Path, records: Sequence[Record], class_count: int, folder: Path, progress: Callable[[int], None]
) -> Path:
    """Compute what is not yet in `folder` and return the file of all scores.

    The file is a NumPy array float16 (pictures, class_count, h, w) in the order of `records`. h and w are those of the
    teacher's scores at its own input size, whatever a picture's shape, with the corners aligned.

    Args:
        teacher_path: the teacher's ONNX file.
        records: the pictures.
        class_count: how many classes the teacher must know.
        folder: where the scores are kept.
        progress: called with the number of pictures done.

    Raises:
        NetworkError: the teacher cannot be read, has no size of its own, or another number of classes.
    """
    key = cache_key(teacher_path, records)
    whole = folder / f"teacher-{key}.npy"
    if whole.is_file():
        progress(len(records))
        return whole
    folder.mkdir(parents=True, exist_ok=True)
    teacher = Teacher(teacher_path)
    if (known := teacher.scores_shape[0]) != class_count:
        raise NetworkError(
            f"teacher knows {known} classes, the class list has {class_count}",
            teacher_path,
            "give a teacher of the same classes",
        )
    parts = []
    with ThreadPoolExecutor(STREAMS) as threads:
        for start in range(0, len(records), SHARD_LENGTH):
            chunk = records[start : start + SHARD_LENGTH]
            part_path = folder / f"teacher-{key}-{start:06d}.npy"
            parts.append(part_path)
            if not part_path.is_file():
                scores = np.stack(list(threads.map(lambda record: teacher.scores(read_rgb(record)), chunk)))
                with whole_file(part_path) as temporary:
                    np.save(temporary, scores)
            progress(min(start + SHARD_LENGTH, len(records)))
    join_parts(parts, whole, (len(records), *teacher.scores_shape))
    return whole


class Teacher:
    """A network asked about whole pictures at about their own shape, as they are and mirrored.

    It is better so than with every picture squeezed into its square
    (docs/experiments.md#networks-a-teacher-that-sees-shapes).
    """

    def __init__(self, path: Path) -> None:
        """Raises NetworkError if OpenVINO cannot read the file, or if the network was made for no size of its own."""
        self._core = ov.Core()
        try:
            self._model = self._core.read_model(path)
        except RuntimeError as error:
            raise NetworkError("cannot read the teacher", path, "give an ONNX file") from error
        try:
            height, width = (self._model.input(0).partial_shape[axis].get_length() for axis in (2, 3))
            self._model.reshape([1, 3, height, width])
        except (RuntimeError, IndexError) as error:
            raise NetworkError(
                "the teacher's input is not 1x3xHEIGHTxWIDTH with a fixed height and width",
                path,
                "give a network of one size, such as 513x513",
            ) from error
        self._own_size = Size(width, height)
        self._compiled: dict[Size, ov.CompiledModel] = {}
        self._lock = RLock()
        self.scores_shape: tuple[int, ...] = tuple(self._model.output(0).shape)[1:]

    def scores(self, picture: Picture) -> TeacherScores:
        """float16 (classes, h, w) for RGB uint8 (H, W, 3). Threads may ask side by side."""
        network = self._network_at(teacher_size(Size.of(picture), self._own_size))
        height, width = network.input(0).shape[2:]
        blob = teacher_input(picture, Size(width, height))
        request = network.create_infer_request()
        plain, mirrored = (
            corners_aligned(request.infer({0: each})[0][0], self.scores_shape[1:])
            for each in (blob, np.ascontiguousarray(blob[..., ::-1]))
        )
        return ((plain + mirrored[..., ::-1]) / 2).astype(np.float16)

    def _network_at(self, size: Size) -> "ov.CompiledModel":
        """The network for an input size, or for its own where the graph has that written into it."""
        with self._lock:
            if size not in self._compiled:
                self._compiled[size] = self._compile(size)
            return self._compiled[size]

    def _compile(self, size: Size) -> "ov.CompiledModel":
        try:
            self._model.reshape([1, 3, *size.hw])
        except RuntimeError:
            return self._network_at(self._own_size)
        return self._core.compile_model(self._model, "CPU", OPTIONS)


def teacher_input(picture: Picture, size: Size) -> npt.NDArray[np.float32]:
    """The RGB picture resized to the teacher's input: float32 (1, 3, height, width), -1..1."""
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray((resized.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1))[None]


def corners_aligned(scores: npt.NDArray[np.float32], hw: Sequence[int]) -> npt.NDArray[np.float32]:
    """Scores (classes, h, w) resampled linearly to another height and width, corner on corner."""
    columns, rows = (
        np.linspace(0, before - 1, after, dtype=np.float32)
        for before, after in zip(scores.shape[:0:-1], hw[::-1], strict=True)
    )
    places = np.meshgrid(columns, rows)
    return np.stack([cv2.remap(each, *places, cv2.INTER_LINEAR) for each in scores])


def cache_key(teacher_path: Path, records: Sequence[Record]) -> str:
    """Twelve hex digits that change with the teacher, how it is asked, and the list of pictures."""
    try:
        digest = hashlib.sha256(teacher_path.read_bytes())
    except OSError as error:
        raise NetworkError("cannot read the teacher", teacher_path, "give an ONNX file") from error
    digest.update(HOW_ASKED)
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

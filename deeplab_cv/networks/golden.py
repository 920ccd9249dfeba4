"""The golden sample: an input made from a seed, and PyTorch's scores for it."""

import io
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from deeplab_cv.errors import CardError
from deeplab_cv.frames.frame import Scores
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import read_ordinary, whole_file
from deeplab_cv.networks.card import Card, InputFacts

FLOAT32_TOLERANCE = 1e-3
"""How far an engine's float32 scores may be off, as a share of the greatest score: sums in another order stay far
below, a wrong kernel is far above."""

GOLDEN_SEED = 20
"""The seed of the golden picture. Any would do; cards name theirs, so that another one makes no old card wrong."""

_LARGEST_FILE = 2**28
"""Bytes of a golden file: the default network's has 0.8 million for 15 shapes."""

_NPY_HEADER = 128
"""Bytes of the header that NumPy writes before an array of three dimensions."""

_LEAST_SCORE = 1e-12
"""Scores that are all 0 have no greatest one to divide by."""


@dataclass(frozen=True)
class Golden:
    """An input and PyTorch's float32 scores for it (kept as float16).

    Attributes:
        blob: float32 (1, 3, height, width), as an engine takes it.
        scores: float32 (classes, h, w).
    """

    blob: NDArray[np.float32]
    scores: Scores


def golden_picture(seed: int, size: Size) -> NDArray[np.uint8]:
    """A picture made from a number alone: uint8 (height, width, 3), the same on every machine.

    Squares of 32 pixels in random colours under fine noise, so that deep layers see edges and flat areas.
    RandomState's stream is frozen for good, that of NumPy's newer generators is not (NumPy NEP 19).
    """
    random = np.random.RandomState(seed)
    width, height = size
    squares = random.randint(0, 192, (-(-height // 32), -(-width // 32), 3), dtype=np.uint8)
    picture = squares.repeat(32, axis=0).repeat(32, axis=1)[:height, :width]
    return np.asarray(picture + random.randint(0, 64, (height, width, 3), dtype=np.uint8), np.uint8)


def golden_blob(seed: int, size: Size, facts: InputFacts) -> NDArray[np.float32]:
    """The golden picture as the network's input: float32 (1, 3, height, width). The picture's channels are `order`."""
    picture = golden_picture(seed, size).astype(np.float32)
    mean = np.array(facts.mean or (0, 0, 0), np.float32)
    std = np.array(facts.std or (1, 1, 1), np.float32)
    return np.ascontiguousarray(((picture - mean) / std).transpose(2, 0, 1)[None])


def golden_key(input_size: Size) -> str:
    """The name of an input size's scores in NAME.golden.npz: height first, in the order of an array's axes."""
    height, width = input_size.hw
    return f"scores_{height}x{width}"


def read_golden(card: Card, folder: Path, input_size: Size) -> Golden | None:
    """The golden sample of one input size, None where the card has none for it. Raises CardError."""
    if card.golden is None:
        return None
    path = folder / card.golden.file
    try:
        stored = _stored_scores(path, golden_key(input_size), (len(card.classes), *input_size.hw))
    except Exception as error:  # a damaged zip file ends in its own errors, zlib's, struct's and the system's
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CardError(
            "cannot read the golden scores", path, "fetch card and golden scores again", cause=reason
        ) from error
    return None if stored is None else Golden(golden_blob(card.golden.seed, input_size, card.input), stored)


def _stored_scores(path: Path, key: str, largest: tuple[int, int, int]) -> Scores | None:
    """One entry of an .npz file, None where it has no such entry.

    Its header is looked at before it is unpacked, since 4 MB of zip file may hold 4 GB.

    Args:
        path: the file.
        key: the entry's name.
        largest: the classes that it must have, the height and width that it may have.

    Raises:
        ValueError: the entry holds no scores of this kind.
    """
    data = read_ordinary(path, most=_LARGEST_FILE)
    with zipfile.ZipFile(io.BytesIO(data)) as entries:
        if f"{key}.npy" not in entries.namelist():
            return None
        # Other ways to pack could ask for gigabytes before they give a byte.
        if entries.getinfo(f"{key}.npy").compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{key} is packed in an unusual way")
        with entries.open(f"{key}.npy") as entry:
            header = io.BytesIO(entry.read(_NPY_HEADER))
            shape, in_columns, dtype = _npy_header(header)
            if (
                len(shape) != 3
                or shape[0] != largest[0]
                or not all(0 < side <= most for side, most in zip(shape, largest, strict=True))
                or dtype.kind != "f"
            ):
                raise ValueError(f"{key} holds {dtype} {shape}, expected floats of at most {largest}")
            size = math.prod(shape) * dtype.itemsize
            content = header.read() + entry.read(size + 1)
    if len(content) != size:
        raise ValueError(f"{key} is cut off, or longer than its header says")
    scores = np.frombuffer(content, dtype).reshape(shape, order="F" if in_columns else "C").astype(np.float32)
    if not np.isfinite(scores).all():
        raise ValueError(f"{key} holds what is no number")
    return np.ascontiguousarray(scores)


def _npy_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether the first index changes fastest, and type of the array that follows. Raises ValueError."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(file)
    raise ValueError(f"unknown version {version} of the .npy format")


def greatest_error(scores: Scores, expected: Scores) -> float:
    """The greatest difference, as a share of the greatest expected score; infinite where it is no number."""
    # Nothing is within a tolerance by being no number: every comparison with NaN is false.
    with np.errstate(all="ignore"):
        error = float(np.abs(scores - expected).max() / max(float(np.abs(expected).max()), _LEAST_SCORE))
    return math.inf if math.isnan(error) else error


def write_golden(path: Path, scores: Mapping[Size, Scores]) -> None:
    """Write the scores of each input size as float16, whole or not at all."""
    stored: dict[str, Any] = {golden_key(input_size): value.astype(np.float16) for input_size, value in scores.items()}
    with whole_file(path) as temporary:
        np.savez_compressed(temporary, **stored)


def rounded_up(value: float) -> float:
    """To two digits, so that a card is read without effort."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1) if value > 0 else 1.0
    return float(f"{math.ceil(value / unit) * unit:.1e}")

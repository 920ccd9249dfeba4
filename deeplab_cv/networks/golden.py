"""The golden sample: an input made from a seed, and PyTorch's scores for it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplab_cv.errors import CardError
from deeplab_cv.frames.frame import Scores
from deeplab_cv.machine.files import whole_file
from deeplab_cv.networks.card import Card, InputFacts, Shape

FLOAT32_TOLERANCE = 1e-3
"""How far an engine's float32 scores may be off, as a share of the greatest score: sums in another order stay far
below, a wrong kernel is far above."""

GOLDEN_SEED = 20
"""The seed of the golden picture. Any would do; cards name theirs, so that another one makes no old card wrong."""


@dataclass(frozen=True)
class Golden:
    """An input and PyTorch's float32 scores for it (kept as float16).

    Attributes:
        blob: float32 (1, 3, height, width), as an engine takes it.
        scores: float32 (classes, h, w).
    """

    blob: NDArray[np.float32]
    scores: Scores


def golden_picture(seed: int, shape: Shape) -> NDArray[np.uint8]:
    """A picture made from a number alone: uint8 (height, width, 3), the same on every machine.

    Squares of 32 pixels in random colours under fine noise, so that deep layers see edges and flat areas.
    RandomState's stream is frozen for good, that of NumPy's newer generators is not (NumPy NEP 19).
    """
    random = np.random.RandomState(seed)
    height, width = shape
    squares = random.randint(0, 192, (-(-height // 32), -(-width // 32), 3), dtype=np.uint8)
    picture = squares.repeat(32, axis=0).repeat(32, axis=1)[:height, :width]
    return np.asarray(picture + random.randint(0, 64, (height, width, 3), dtype=np.uint8), np.uint8)


def golden_blob(seed: int, shape: Shape, facts: InputFacts) -> NDArray[np.float32]:
    """The golden picture as the network's input: float32 (1, 3, height, width). The picture's channels are `order`."""
    picture = golden_picture(seed, shape).astype(np.float32)
    mean = np.array(facts.mean or (0, 0, 0), np.float32)
    std = np.array(facts.std or (1, 1, 1), np.float32)
    return np.ascontiguousarray(((picture - mean) / std).transpose(2, 0, 1)[None])


def golden_key(shape: Shape) -> str:
    """The name of a shape's scores in NAME.golden.npz."""
    return f"scores_{shape[0]}x{shape[1]}"


def read_golden(card: Card, folder: Path, shape: Shape) -> Golden | None:
    """The golden sample of one shape, None where the card has none for it. Raises CardError."""
    if card.golden is None:
        return None
    path = folder / card.golden.file
    try:
        with np.load(path, allow_pickle=False) as scores:
            if golden_key(shape) not in scores:
                return None
            stored = scores[golden_key(shape)].astype(np.float32)
    except (OSError, ValueError) as error:
        raise CardError("cannot read the golden scores", path, str(error)) from error
    return Golden(golden_blob(card.golden.seed, shape, card.input), stored)


def greatest_error(scores: Scores, expected: Scores) -> float:
    """The greatest difference, as a share of the greatest expected score."""
    return float(np.abs(scores - expected).max() / np.abs(expected).max())


def write_golden(path: Path, scores: Mapping[Shape, Scores]) -> None:
    """Write the scores of each shape as float16, whole or not at all."""
    stored: dict[str, Any] = {golden_key(shape): value.astype(np.float16) for shape, value in scores.items()}
    with whole_file(path) as temporary:
        np.savez_compressed(temporary, **stored)


def rounded_up(value: float) -> float:
    """To two digits, so that a card is read without effort."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1) if value > 0 else 1.0
    return float(f"{math.ceil(value / unit) * unit:.1e}")

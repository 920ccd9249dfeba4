"""What an engine is: tensors in, scores out, in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deeplab_cv.errors import EngineError
from deeplab_cv.frames.frame import Scores
from deeplab_cv.frames.size import Size

Blob = NDArray[np.float32]
"""A network's input tensor: float32 (1, 3, height, width), RGB or BGR as the card says."""


OTHER_ENGINE = "take another --backend, or export the network again"
"""What to do where an engine does not take a network."""


@dataclass(frozen=True)
class Inference:
    """What an engine computed from one tensor.

    Attributes:
        scores: float32 (classes, h, w), the caller's to keep.
        ms: milliseconds it took to compute; how long the result then waited to be fetched does not count.
    """

    scores: Scores
    ms: float


class Engine(Protocol):
    """A loaded network of one fixed shape: what goes in first comes out first.

    What it says of itself is read back from the runtime, never copied from what was asked for. It is used by one thread
    at a time; `deeplab_cv.engines.shared` lets several threads share one.

    Attributes:
        name: `opencv`, `onnxruntime` or `openvino`.
        device: such as `cpu`, `cuda`, `gpu`.
        precision: `float32`, `float16`, `bfloat16` or `int8`.
        threads: processor threads it computes with.
        version: the runtime's version.
        depth: how many tensors may be in flight; 1 is plainly synchronous.
    """

    name: str
    device: str
    precision: str
    threads: int
    version: str
    depth: int

    def submit(self, blob: Blob) -> None:
        """Hand in a tensor; at most `depth` may wait for their result. Raises EngineError."""
        ...

    def result(self) -> Inference:
        """Wait for the oldest tensor's scores. Raises EngineError."""
        ...

    def close(self) -> None:
        """Give back what the engine holds; safe to call twice."""
        ...


def check_blob(blob: Blob, input_size: Size) -> None:
    """Raises EngineError for a tensor that is not what the network takes: float32 (1, 3, height, width)."""
    shape = (1, 3, *input_size.hw)
    if blob.dtype != np.float32 or blob.shape != shape:
        expected = f"float32 {shape}"
        raise EngineError("the tensor does not fit", f"expected {expected}, got {blob.dtype} {blob.shape}", "resize it")


def run_all(engine: Engine, blobs: Iterable[Blob]) -> Iterator[Inference]:
    """What each tensor gives, in order, with as many in flight as the engine takes. Raises EngineError."""
    in_flight = 0
    for blob in blobs:
        if in_flight == engine.depth:
            yield engine.result()
            in_flight -= 1
        engine.submit(blob)
        in_flight += 1
    for _ in range(in_flight):
        yield engine.result()


def describe(engine: Engine) -> str:
    """An engine as the runtime tells of itself, such as `openvino:cpu:float32`."""
    return f"{engine.name}:{engine.device}:{engine.precision}"

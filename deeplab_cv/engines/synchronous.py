"""An engine that computes where its result is asked for."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from deeplab_cv.engines.engine import Blob, Inference, check_blob
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.frame import Scores
from deeplab_cv.frames.size import Size


@dataclass(frozen=True)
class Facts:
    """What a loaded runtime says of itself; see `Engine`."""

    name: str
    device: str
    precision: str
    threads: int
    version: str


class SynchronousEngine:
    """One tensor in flight, computed by the caller of `result`."""

    depth = 1

    def __init__(self, facts: Facts, input_size: Size, compute: Callable[[Blob], Scores]) -> None:
        self.name = facts.name
        self.device = facts.device
        self.precision = facts.precision
        self.threads = facts.threads
        self.version = facts.version
        self._input_size = input_size
        self._compute: Callable[[Blob], Scores] | None = compute
        self._blob: Blob | None = None

    def submit(self, blob: Blob) -> None:
        """Keep a tensor until its result is asked for. Raises EngineError."""
        if self._compute is None or self._blob is not None:
            raise EngineError(
                "the engine takes no tensor", self.name, "it is closed, or a result is still to be fetched"
            )
        check_blob(blob, self._input_size)
        self._blob = blob

    def result(self) -> Inference:
        """Compute the scores of the tensor handed in. Raises EngineError."""
        blob, self._blob = self._blob, None
        if self._compute is None or blob is None:
            raise EngineError("the engine has nothing to compute", self.name, "hand in a tensor first")
        begun_at = time.perf_counter()
        scores = self._compute(blob)
        return Inference(scores, (time.perf_counter() - begun_at) * 1000)

    def close(self) -> None:
        """Let go of the network."""
        self._compute = None

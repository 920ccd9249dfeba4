"""Which input keeps the wanted rate: how long an inference may take for it, and how long it takes."""

import math
from dataclasses import dataclass
from statistics import median

import numpy as np

from deeplab_cv.engines.engine import Engine
from deeplab_cv.engines.timing import frame_ms
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.processor import usable_cores

_HOPELESS = 3.0
"""An inference that takes so many times what is allowed is not measured again."""


_MEASURED = 5


_REST_MS_PER_MEGAPIXEL = 20.0
"""Processor milliseconds that decoding, labels, paint and window (or encoder) take: seen, 18 at 720p, 36 at 1080p."""

_SHARE_IN_USE = 0.7
"""Of a frame's time. Seen at 720p on two cores: what takes 12 ms alone takes 14 in the run and shows a picture after
28; what takes 18 ms alone becomes 34, since each thread waits for the others, and shows one after 73."""


def inference_allowance_ms(pace_fps: float, size: Size, cores: int) -> float:
    """Milliseconds a frame that an engine measured alone, on all `cores`, may take; 0 where nothing is left for it.

    Args:
        pace_fps: frames a second that are wanted.
        size: of the frames: the larger they are, the more goes into all but inference.
        cores: of the processor.
    """
    rest_ms = _REST_MS_PER_MEGAPIXEL * size.width * size.height / 1e6 / cores
    return max(0.0, _SHARE_IN_USE * 1000 / pace_fps - rest_ms)


@dataclass(frozen=True, kw_only=True)
class InferencePace:
    """How long an inference takes beside what it may take, in milliseconds."""

    ms: float = 0.0
    allowed_ms: float = math.inf

    @property
    def kept(self) -> bool:
        """It is fast enough."""
        return self.ms <= self.allowed_ms


def measured_pace(engine: Engine, input_size: Size, size: Size, pace_fps: float | None) -> InferencePace:
    """Time an engine of this input size for frames of a size; not at all where no rate is wanted. Raises EngineError.

    The time is the median of a few inferences; the first one alone where that is far from what is allowed.
    """
    if pace_fps is None:
        return InferencePace()
    allowed_ms = inference_allowance_ms(pace_fps, size, usable_cores())
    blob = np.zeros((1, 3, *input_size.hw), np.float32)
    times_ms = [frame_ms(engine, blob)]
    if times_ms[0] <= _HOPELESS * allowed_ms:
        times_ms += [frame_ms(engine, blob) for _ in range(_MEASURED - 1)]
    return InferencePace(ms=median(times_ms), allowed_ms=allowed_ms)

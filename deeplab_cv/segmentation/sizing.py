"""How fast frames are to be inferred, and how long one inference may take for that."""

from statistics import median

from deeplab_cv.engines import Blob, Engine
from deeplab_cv.engines.choice import frame_ms

_HOPELESS = 3.0
"""An inference that takes so many times what is allowed is not measured again."""


_MEASURED = 5


_REST_MS_PER_MEGAPIXEL = 20.0
"""Processor milliseconds that decoding, labels, paint and window (or encoder) take: seen, 18 at 720p, 36 at 1080p."""

_SHARE_IN_USE = 0.7
"""Of a frame's time. Seen at 720p on two cores: what takes 12 ms alone takes 14 in the run and shows a picture after
28; what takes 18 ms alone becomes 34, since each thread waits for the others, and shows one after 73."""


def inference_allowance_ms(pace_fps: float, size_wh: tuple[int, int], cores: int) -> float:
    """Milliseconds a frame that an engine measured alone, on all `cores`, may take; 0 where nothing is left for it.

    size_wh: width and height of the frames in pixels: the larger they are, the more goes into all but inference.
    """
    rest_ms = _REST_MS_PER_MEGAPIXEL * size_wh[0] * size_wh[1] / 1e6 / cores
    return max(0.0, _SHARE_IN_USE * 1000 / pace_fps - rest_ms)


def _usual_ms(engine: Engine, blob: Blob, allowed_ms: float) -> float:
    """The median time of a few inferences; the first one alone where that is far from what is allowed."""
    times_ms = [frame_ms(engine, blob)]
    if times_ms[0] <= _HOPELESS * allowed_ms:
        times_ms += [frame_ms(engine, blob) for _ in range(_MEASURED - 1)]
    return median(times_ms)

"""How fast frames are to be inferred, and how long one inference may take for that."""

from deeplab_cv.settings import Settings
from deeplab_cv.sources import SourceInfo

FLUENT_FPS = 30.0
"""Of a faster camera's pictures no more are worth smaller input, unless the user says so."""

_REST_MS_PER_MEGAPIXEL = 20.0
"""Processor milliseconds that decoding, labels, paint and window (or encoder) take: seen, 18 at 720p, 36 at 1080p."""

_SHARE_IN_USE = 0.7
"""Of a frame's time. Seen at 720p on two cores: what takes 12 ms alone takes 14 in the run and shows a picture after
28; what takes 18 ms alone becomes 34, since each thread waits for the others, and shows one after 73."""


def wanted_pace(settings: Settings, info: SourceInfo) -> float | None:
    """Frames a second to be inferred: as the settings say, else a live source's, up to 30; None for a file."""
    if settings.target_fps is not None or not info.live or info.frame_rate is None:
        return settings.target_fps
    return min(FLUENT_FPS, float(info.frame_rate) / settings.every)


def inference_allowance_ms(pace_fps: float, size_wh: tuple[int, int], cores: int) -> float:
    """Milliseconds a frame that an engine measured alone, on all `cores`, may take; 0 where nothing is left for it.

    size_wh: width and height of the frames in pixels: the larger they are, the more goes into all but inference.
    """
    rest_ms = _REST_MS_PER_MEGAPIXEL * size_wh[0] * size_wh[1] / 1e6 / cores
    return max(0.0, _SHARE_IN_USE * 1000 / pace_fps - rest_ms)

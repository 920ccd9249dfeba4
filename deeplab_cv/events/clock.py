"""The times of frames in a recording: the source's own, made to go on where a live source's leap."""

from deeplab_cv.frames.frame import Frame

_LEAP_S = 1.0
"""So far a live source's clock may be from ours; it has started anew, or runs wrong."""


class SourceClock:
    """Gives each frame its time; that of a live source's first frame is zero."""

    def __init__(self, *, live: bool) -> None:
        """No frame was seen yet."""
        self._live = live
        self._begun_at: float | None = None
        self._offset_s = 0.0
        self._last_s = 0.0

    def time_of(self, frame: Frame) -> float:
        """When a frame is, in seconds; no earlier than the one before."""
        time_s = float(frame.time_s)
        if self._live:
            if self._begun_at is None:
                self._begun_at, self._offset_s = frame.captured_at, -time_s
            passed_s = frame.captured_at - self._begun_at
            if abs(time_s + self._offset_s - passed_s) > _LEAP_S:
                self._offset_s = passed_s - time_s
            time_s += self._offset_s
        self._last_s = max(self._last_s, time_s)
        return self._last_s

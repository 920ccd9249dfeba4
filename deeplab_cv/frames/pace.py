"""When each frame of a file is due, if it is played at its own pace."""

from deeplab_cv.frames.frame import Frame

_LATE_S = 0.25


class Pace:
    """Gives each frame its moment; a run that is late falls behind instead of racing."""

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._seeks = 0

    def reset(self) -> None:
        """Begin again with the next frame, after a pause."""
        self._offset_s = None

    def due_at(self, frame: Frame, now: float) -> float:
        """The moment of the next frame; both as `time.monotonic()`, in seconds."""
        time_s = float(frame.time_s)
        sought, self._seeks = frame.seeks != self._seeks, frame.seeks
        if self._offset_s is None or sought or now - (self._offset_s + time_s) > _LATE_S:
            self._offset_s = now - time_s
        return self._offset_s + time_s

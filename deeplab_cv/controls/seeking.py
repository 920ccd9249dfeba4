"""Another place of a video: some seconds earlier or later than what is on the screen."""

from fractions import Fraction

from deeplab_cv.frames.frame import Frame, Span
from deeplab_cv.jobs.pipeline import Pipeline

STEP_S = 5
"""Seconds that one press of a key leads away."""


class Seeking:
    """Asks a pipeline for other places of its source, one press of a key after another."""

    def __init__(self, span: Span | None, *, writes: bool) -> None:
        """Nothing is sought yet.

        Args:
            span: where one may seek; None for a source that has no other place to go to.
            writes: files are written, which hold every frame once.
        """
        self._span = span
        self._writes = writes
        self._sought_s: Fraction | None = None
        self._seeks = 0

    def refusal(self, *, recording: bool) -> str:
        """Why nothing can be sought now, for the user; empty where it can."""
        if self._span is None:
            return "the arrows seek in video files; this is none"
        if self._writes:
            return "no seeking while a file is written"
        return "no seeking while a video is recorded; w ends it" if recording else ""

    def move(self, step_s: int, shown: Frame, pipeline: Pipeline) -> str:
        """Go so many seconds further, counted from what was asked for last; returns a line for the user.

        Only where there is no `refusal`.
        """
        if self._span is None:
            raise ValueError("expected a source that can be sought in")
        begin, end = self._span.begin, self._span.end
        place_s = max(begin, (shown.time_s if self._sought_s is None else self._sought_s) + step_s)
        if end is not None and place_s >= end:
            return f"it ends at {clock_time(end - begin)}"
        self._sought_s = place_s
        pipeline.seek(place_s, shown.time_s)
        return f"going to {self._place(place_s)}"

    def arrival(self, shown: Frame) -> str:
        """Where the first frame after a seek lies, for the user; empty for any other frame."""
        if shown.seeks == self._seeks:
            return ""
        sought_s, self._seeks, self._sought_s = self._sought_s, shown.seeks, None
        if sought_s is not None and shown.time_s < sought_s:
            return "it ends here"
        return self._place(shown.time_s)

    def _place(self, time_s: Fraction) -> str:
        begin, end = (self._span.begin, self._span.end) if self._span is not None else (Fraction(0), None)
        return clock_time(time_s - begin) + ("" if end is None else f" of {clock_time(end - begin)}")


def clock_time(seconds: Fraction) -> str:
    """Seconds as a player shows them: 0:07, 12:30, 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

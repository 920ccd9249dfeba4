"""Pictures one by one: the one before, and the same again."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from deeplab_cv.frames.frame import Frame
from deeplab_cv.jobs.pipeline import Pipeline


class Leafing:
    """Asks a pipeline for earlier pictures of its source, whose numbers are their times."""

    def __init__(self, names: Sequence[str]) -> None:
        """The first picture is on the screen. `names`: of all frames in order, empty where they are no pictures."""
        self._names = names
        self._sought = 0

    def title(self, shown: Frame) -> str:
        """Which picture is on the screen, for the user; empty where it is none."""
        if shown.name not in self._names:
            return ""
        name, count = Path(shown.name).name, len(self._names)
        return name if count == 1 else f"{self._names.index(shown.name) + 1} of {count}: {name}"

    def back(self, shown: Frame, pipeline: Pipeline) -> bool:
        """Go to the picture before; False at the first."""
        at = self._at(shown, pipeline)
        if at > 0:
            self.go_to(at - 1, pipeline)
        return at > 0

    def again(self, shown: Frame, pipeline: Pipeline) -> None:
        """Read and segment the picture on the screen once more."""
        self.go_to(self._at(shown, pipeline), pipeline)

    def go_to(self, number: int, pipeline: Pipeline) -> None:
        """Go to a picture that was read before, counted from 0."""
        self._sought = number
        pipeline.seek(Fraction(number), Fraction(number))

    def _at(self, shown: Frame, pipeline: Pipeline) -> int:
        """The picture on the screen, or the one that is on its way there."""
        return shown.index if shown.seeks == pipeline.seeks else self._sought

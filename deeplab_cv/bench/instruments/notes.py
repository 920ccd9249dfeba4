"""A sink that notes when each picture came to it."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from deeplab_cv.frames.frame import Painted
from deeplab_cv.sinks.sink import Written


@dataclass(frozen=True)
class Mark:
    """A moment of a run.

    Attributes:
        index: number in the source of the frame that was just done; -1 before the first.
        wall_s: the clock, in seconds.
        processor_s: seconds of all cores together that this process has had.
    """

    index: int
    wall_s: float
    processor_s: float


def mark(index: int = -1) -> Mark:
    """This moment."""
    return Mark(index, time.perf_counter(), time.process_time())


class Notes:
    """Notes the moment of every picture, and may have it painted before, to throw it away.

    Attributes:
        marks: one for each picture, and one for the beginning.
    """

    needs_picture = False

    def __init__(self, *, paints: bool) -> None:
        """Nothing is noted yet.

        Args:
            paints: have each picture painted, which otherwise happens when a sink first asks for it.
        """
        self.marks = [mark()]
        self._paints = paints

    def write(self, painted: Painted) -> None:
        """Note one picture."""
        if self._paints:
            painted.pixels.make()
        self.marks.append(mark(painted.frame.index))

    def finish(self) -> Written:
        """There is nothing to finish."""
        return Written(Path(os.devnull), len(self.marks) - 1)

    def abandon(self) -> Written | None:
        """There is nothing to keep."""
        return None

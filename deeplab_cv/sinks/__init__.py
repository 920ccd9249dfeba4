"""Where pictures, masks and figures go: one file per kind of sink."""

from typing import Protocol

from deeplab_cv.frames.frame import Painted


class Sink(Protocol):
    """Takes painted frames, one after another, and makes its output whole at the end."""

    def write(self, painted: Painted) -> None:
        """Take one frame. Raises SinkError where it cannot be kept."""
        ...

    def finish(self) -> str:
        """Make the output whole under its final name; returns one line for the user, such as `out.mp4: 289 frames`.

        Raises SinkError where it cannot; then nothing stands under the final name that was not there before.
        """
        ...

    def abandon(self) -> str:
        """The job failed or was stopped: keep what is usable under a name that says it is not whole.

        Returns one line for the user saying what is kept and where, empty where nothing is kept. Never raises.
        """
        ...

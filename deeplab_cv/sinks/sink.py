"""What a sink is: it takes painted frames, and says what it leaves behind."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from deeplab_cv.errors import SinkError, UserError, as_typed
from deeplab_cv.frames.frame import Painted


@dataclass(frozen=True)
class Written:
    """What a sink leaves behind.

    Attributes:
        path: the file, the folder of one file for each frame, or where a stream was sent.
        frames: how many are in it; 0 where nothing was written, since none came or for what `note` says.
        note: what else is to be known of it, such as `sound copied`; else empty.
        whole: every frame of the run is in it.
    """

    path: Path | str
    frames: int
    note: str = ""
    _: KW_ONLY
    whole: bool = True


def in_words(written: Written) -> str:
    """One line for the user, such as `out.mp4: 289 frames, sound copied`."""
    name = as_typed(written.path)
    if written.frames == 0:
        return f"{name}: {written.note or 'not written, no frame came'}"
    if written.frames == 1:
        count = "written" if written.whole else "the first frame"
    else:
        count = f"{written.frames} frames" if written.whole else f"the first {written.frames} frames"
    return ", ".join([f"{name}: {count}", *filter(None, [written.note])])


def saying_what_is_kept(error: UserError, kept: Written | None) -> UserError:
    """The error, and after its remedy what is kept of the output; the error itself where nothing is."""
    if kept is None:
        return error
    return SinkError(error.what, error.where, f"{error.remedy}; {in_words(kept)}", cause=error.cause)


class Sink(Protocol):
    """Takes painted frames, one after another, and makes its output whole at the end.

    Attributes:
        needs_picture: it looks at the painted picture, not at the labels alone.
    """

    needs_picture: bool

    def write(self, painted: Painted) -> None:
        """Take one frame. Raises SinkError where it cannot be kept."""
        ...

    def finish(self) -> Written:
        """Make the output whole under its final name.

        Raises SinkError where it cannot; then nothing stands under the final name that was not there before.
        """
        ...

    def abandon(self) -> Written | None:
        """The job failed or was stopped: keep what is usable under a name that says it is not whole.

        Returns what is kept, None where nothing is. Never raises.
        """
        ...


@runtime_checkable
class Patient(Protocol):
    """A sink that waits: for the time of a file's frames, or for whoever receives what it sends."""

    def hurry(self) -> None:
        """Wait for nothing any more, or a moment: somebody stops the run; from any thread, also during a `write`."""
        ...

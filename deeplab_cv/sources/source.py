"""What a source is: frames, one after another."""

from fractions import Fraction
from types import TracebackType
from typing import Protocol

from typing_extensions import Self

from deeplab_cv.frames.frame import Frame, SourceInfo
from deeplab_cv.sources.state import SourceState


class Source(Protocol):
    """Frames, one after another, until there are no more; a context manager that lets go of the device or file.

    Attributes:
        info: what is known before the first frame.
    """

    info: SourceInfo

    def read(self) -> Frame | None:
        """The next frame, or None at the end. Raises SourceError where frames should come and do not."""
        ...

    @property
    def state(self) -> SourceState:
        """Whether pictures come, and why not; from any thread."""
        return SourceState(self.info.name)

    def seek(self, time_s: Fraction) -> bool:
        """Go on with the first frame at or after a time, as `Frame.time_s` counts; before the first it is the first.

        False where there is no such frame; none comes then until another time is sought. A source without `info.span`
        cannot do it, and goes on as before.
        """
        return False

    def count_anew(self) -> None:
        """Of a live source the next frame has number and time 0 again: those before it were only looked at."""
        return

    def close(self) -> None:
        """Let go of the device or file; safe to call twice and from another thread."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

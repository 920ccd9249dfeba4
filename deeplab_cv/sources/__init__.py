"""Where frames come from: one file per kind of source, one line per kind in `open_source`."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Protocol

from typing_extensions import Self

from deeplab_cv.frame import Frame


@dataclass(frozen=True)
class SourceInfo:
    """What is known of a source before its first frame.

    Attributes:
        name: what the user is told, such as `camera 0` or a file name.
        size_wh: width and height in pixels of an upright frame; pictures may differ from one to the next.
        frame_rate: frames a second, exact; None where there is none (pictures).
        frame_count: how many frames will come, as well as the container knows; None for a live source.
        live: frames come at their own pace and are lost when nobody takes them.
        time_base: the unit of each frame's pts, in seconds.
        path: the file itself, None where there is none.
        sound: the file has sound that an output can carry along.
    """

    name: str
    size_wh: tuple[int, int]
    frame_rate: Fraction | None
    frame_count: int | None
    live: bool
    time_base: Fraction
    path: Path | None = None
    sound: bool = False


class Source(Protocol):
    """Frames, one after another, until there are no more; a context manager that lets go of the device or file.

    Attributes:
        info: what is known before the first frame.
    """

    info: SourceInfo

    def read(self) -> Frame | None:
        """The next frame, or None at the end. Raises SourceError where frames should come and do not."""
        ...

    def close(self) -> None:
        """Let go of the device or file; safe to call twice and from another thread."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

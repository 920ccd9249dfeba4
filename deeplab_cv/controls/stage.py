"""What a run shows now, handed from its thread to those that show it as well: a picture and the run's state."""

import threading
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

import cv2

from deeplab_cv.controls.controls import Shown
from deeplab_cv.controls.status import Status
from deeplab_cv.frames.frame import Frame, SourceInfo
from deeplab_cv.frames.pixels import Once, Pixels
from deeplab_cv.overlay.view import View
from deeplab_cv.sources.state import SourceState

_JPEG_QUALITY = 80

_GLANCE_S = 5.0
"""So long whoever asked for one picture counts as looking: many programs ask for one after the other."""


@dataclass(frozen=True)
class Picture:
    """A picture that a run shows.

    Attributes:
        number: counts pictures, from 1.
        pixels: painted when somebody asks for them.
        since_s: from when its delay counts, `time.monotonic()`: a live frame's capture, a file's turn to be shown.
        jpeg: it as a JPEG file, made once for all who want it.
        passed: it is the source's own, which went by while nobody looked; a painted one follows as soon as one does.
    """

    number: int
    pixels: Pixels
    since_s: float
    jpeg: Once[bytes]
    _: KW_ONLY
    passed: bool = False


@dataclass(frozen=True, kw_only=True)
class RunState:
    """What is to be known of a run, beside its picture.

    Attributes:
        label: what figures of it are called, such as `camera-0`.
        source: what the source is and whether it is live.
        source_state: whether its pictures come, and why not.
        view: how frames are painted.
        progress: what is being done before the first segmented frame.
        tutorial: pictures that wait for Segment and Restart.
        status: the figures; None before the first segmented frame.
        shown: the frame on the screen; None likewise.
        passed: the newest frame that went by since then because nobody looked; None where none did.
        sources: of several sources at once, the state of each; `status` and `shown` are then those of all together, or
            of the one that is shown alone.
        alone: the place of that one; None while all are shown.
        over: why nothing more will come, in words; empty while the run goes on.
    """

    label: str
    source: SourceInfo
    source_state: SourceState
    view: View
    progress: str
    tutorial: bool
    status: Status | None = None
    shown: Shown | None = None
    passed: Frame | None = None
    sources: tuple["RunState", ...] = ()
    alone: int | None = None
    over: str = ""

    @property
    def inferring(self) -> bool:
        """Frames are inferred; they go by unseen while nobody looks."""
        return self.shown is not None and self.passed is None


class Stage:
    """Keeps the newest picture and state; whoever shows them is told of each change.

    Attributes:
        picture: the newest; None before the first.
        state: the newest; None before the first.
        changed: notified, with its lock held, at each new picture.
        audience: whether anybody watches; from any thread.
    """

    def __init__(self) -> None:
        self.picture: Picture | None = None
        self.state: RunState | None = None
        self.changed = threading.Condition()
        self.audience: Callable[[], bool] = bool
        self._glanced_at: float | None = None
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Have this called at each new picture or state, in the thread that brings it."""
        self._listeners.append(listener)

    @property
    def watched(self) -> bool:
        """Somebody watches, or has just asked for a picture."""
        at = self._glanced_at
        return self.audience() or (at is not None and time.monotonic() - at < _GLANCE_S)

    def glance(self) -> None:
        """Somebody asks for one picture; from any thread."""
        self._glanced_at = time.monotonic()

    def show(self, pixels: Pixels, since_s: float, *, passed: bool = False) -> None:
        """Put a picture on the stage; see Picture."""
        with self.changed:
            number = 1 if self.picture is None else self.picture.number + 1
            self.picture = Picture(number, pixels, since_s, Once(lambda: encoded_jpeg(pixels)), passed=passed)
            self.changed.notify_all()
        self._tell()

    def say(self, state: RunState) -> None:
        """The run's state is this now."""
        self.state = state
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def encoded_jpeg(pixels: Pixels) -> bytes:
    """A picture as a JPEG file."""
    _, encoded = cv2.imencode(".jpg", pixels.image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return bytes(encoded)

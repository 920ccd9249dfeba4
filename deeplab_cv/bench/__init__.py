"""What `app.py bench` measures: one file per measurement, each with `measure(plan, ...) -> Measurement`."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from deeplab_cv.bench.instruments.screen import VirtualScreen
from deeplab_cv.bench.instruments.turns import Spread
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.frames.frame import Painted
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.overlay.look import Look
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.segmentation.options import PaceOptions

Cell = str | int | float | Spread | None
"""What a table shows in one place; None where there is nothing to say."""

Row = Mapping[str, Cell]
"""One line of a table: heading -> cell."""


ShowFrame = Callable[[Painted, Look, Sequence[str]], None]
"""Puts a painted frame into a window, with its list of classes and lines of text over it."""


@dataclass(frozen=True, kw_only=True)
class BenchPlan:
    """What is to be measured, and how long it may take.

    Attributes:
        network: which network is measured.
        engine: which engine it runs on; each where none is named.
        pace: the rate that a run is to reach.
        picture: how frames are painted.
        clip: the video everything is measured on.
        heights: of the frames, in lines: 480, 720, 1080, 2160.
        rounds: how often each candidate has its turn.
        memory_frames: how many frames the memory is watched for.
        screen: where windows are shown; None where there is only the user's own, or none.
        open_window: opens one for as long as its context lasts; None where showing is not measured.
    """

    network: NetworkOptions
    engine: EngineOptions
    pace: PaceOptions
    picture: PictureOptions
    clip: Path
    heights: tuple[int, ...]
    rounds: int
    memory_frames: int
    screen: VirtualScreen | None
    open_window: Callable[[], AbstractContextManager[ShowFrame]] | None = None


@dataclass(frozen=True)
class Measurement:
    """One measurement's outcome.

    Attributes:
        name: the word that asks for it.
        title: what the table shows, in one line.
        rows: the figures; all rows have the same headings.
        remarks: what a reader of the figures must know.
    """

    name: str
    title: str
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()

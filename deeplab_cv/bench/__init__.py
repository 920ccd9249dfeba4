"""What `app.py bench` measures: one file per measurement, each with `measure(plan, ...) -> Part`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deeplab_cv.bench.instruments.screen import Screen
from deeplab_cv.bench.instruments.turns import Spread
from deeplab_cv.settings import Settings

Cell = str | int | float | Spread | None
"""What a table shows in one place; None where there is nothing to say."""

Row = Mapping[str, Cell]
"""One line of a table: heading -> cell."""


@dataclass(frozen=True)
class Plan:
    """What is to be measured, and how long it may take.

    Attributes:
        settings: network, engine and threads, as a run takes them.
        clip: the video everything is measured on.
        heights: of the frames, in lines: 480, 720, 1080, 2160.
        rounds: how often each contender has its turn.
        memory_frames: how many frames the memory is watched for.
        screen: where windows are shown; None where there is only the user's own, or none.
    """

    settings: Settings
    clip: Path
    heights: tuple[int, ...]
    rounds: int
    memory_frames: int
    screen: Screen | None


@dataclass(frozen=True)
class Part:
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

"""How far a job or a measurement is, as a bar in the terminal."""

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from typing_extensions import Self


class JobProgress:
    """A context manager that shows how far a file job is, with its rate, on stderr; silent where that is no terminal.

    Lines printed on stderr meanwhile come to stand above the bar.
    """

    def __init__(self, frame_count: int | None, *, visible: bool = True) -> None:
        """No frame is done yet.

        Args:
            frame_count: frames to come, None where nobody knows.
            visible: False for no bar, as beside a window.
        """
        console = Console(file=sys.stderr)
        self._frame_count = frame_count
        self._bar = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("frames"),
            _RateColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not (visible and console.is_terminal),
        )
        self._task = self._bar.add_task("", total=frame_count)

    def advance(self) -> None:
        """One more frame is done. A container that promised fewer is believed no longer."""
        self._bar.advance(self._task)
        done = self._bar.tasks[0].completed
        if self._frame_count is not None and done > self._frame_count:
            self._bar.update(self._task, total=done)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


class _RateColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:.1f}/s")


def progress_bar(console: Console) -> Progress:
    """A bar with the time that has passed and that is left; nothing where the output is not a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )

"""How far a job or a measurement is, as a bar in the terminal."""

import logging
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from typing_extensions import Self

_FIRST_LINE_S = 10.0
_FIRST_STEP_LINE_S = 3.0
_LINES_EVERY_S = 60.0

_log = logging.getLogger(__name__)


class JobProgress:
    """A context manager that shows how far a job is, on stderr: a bar, or a line a minute where it is no terminal.

    Lines printed on stderr meanwhile come to stand above the bar.
    """

    def __init__(self, frame_count: int | None, *, visible: bool = True, unit: str = "frames") -> None:
        """Nothing is done yet.

        Args:
            frame_count: frames to come, None where nobody knows.
            visible: False for no bar, as beside a window.
            unit: what is counted.
        """
        console = Console(file=sys.stderr)
        self._frame_count = frame_count
        self._bar = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            _RateColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=console,
            disable=not (visible and console.is_terminal),
        )
        self._task = self._bar.add_task("", total=frame_count)
        self._lines = ProgressLines(frame_count, unit=unit) if visible and not console.is_terminal else None

    def advance(self, note: str = "") -> None:
        """One more is done. A container that promised fewer frames is believed no longer.

        Args:
            note: what is said behind the figures from now on, where it says something.
        """
        if self._lines is not None:
            self._lines.advance(note)
        if note:
            self._bar.update(self._task, description=note)
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


class ProgressLines:
    """Says in a line every while how far a job is, where no bar can be drawn: in a log file or a pipe."""

    def __init__(self, total: int | None, clock: Callable[[], float] = time.monotonic, *, unit: str = "frames") -> None:
        """Nothing is done yet.

        Args:
            total: how many are to come, None where nobody knows.
            clock: seconds that have passed.
            unit: what is counted.
        """
        self._total = total
        self._unit = unit
        self._note = ""
        self._clock = clock
        self._began = clock()
        self._next = self._began + _FIRST_LINE_S
        self._done = 0

    def advance(self, note: str = "") -> None:
        """One more is done; `note` is said behind the figures from now on, where it says something."""
        self._done += 1
        self._note = note or self._note
        now = self._clock()
        if now >= self._next:
            self._next = now + _LINES_EVERY_S
            _log.info("%s", self._line(self._done / (now - self._began)))

    def _line(self, rate: float) -> str:
        if self._total is None or self._total <= self._done:
            return ", ".join(filter(None, [f"{self._done} {self._unit}, {rate:.1f}/s", self._note]))
        left = timedelta(seconds=round((self._total - self._done) / rate))
        figures = f"{self._done} of {self._total} {self._unit}, {rate:.1f}/s, {left} left"
        return ", ".join(filter(None, [figures, self._note]))


def slow_lines(clock: Callable[[], float] = time.monotonic) -> Callable[[str], None]:
    """What says in lines what is being done, once the work has taken three seconds and then every three at most."""
    next_s = clock() + _FIRST_STEP_LINE_S

    def say(text: str) -> None:
        nonlocal next_s
        now = clock()
        if now >= next_s:
            next_s = now + _FIRST_STEP_LINE_S
            _log.info("%s", text)

    return say


class _RateColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:.1f}/s")


def progress_bar(console: Console, clock: Callable[[], float] = time.monotonic) -> Progress:
    """A bar for each step, with the time that has passed and that is left.

    Where the output is no terminal, a step that takes more than three seconds says in a line how far it is, and once
    more every minute.

    Args:
        console: where the bars are drawn.
        clock: seconds that have passed.
    """
    return _Steps(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        get_time=clock,
    )


class _Steps(Progress):
    """Says in lines what it cannot draw as bars."""

    def __init__(self, *columns: ProgressColumn, **options: Any) -> None:
        super().__init__(*columns, **options)
        self._next: dict[TaskID, float] = {}

    def add_task(self, description: str, *args: Any, **options: Any) -> TaskID:
        task = super().add_task(description, *args, **options)
        self._next[task] = self.get_time() + _FIRST_STEP_LINE_S
        return task

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        super().advance(task_id, advance)
        self._say(task_id)

    def update(self, task_id: TaskID, **changes: Any) -> None:
        super().update(task_id, **changes)
        self._say(task_id)

    def _say(self, task_id: TaskID) -> None:
        now = self.get_time()
        if self.console.is_terminal or now < self._next[task_id]:
            return
        self._next[task_id] = now + _LINES_EVERY_S
        task = self._tasks[task_id]
        left = task.time_remaining
        more = "" if left is None else f", {timedelta(seconds=round(left))} left"
        if not task.finished:
            _log.info("%s: %.0f %%%s", task.description, task.percentage, more)

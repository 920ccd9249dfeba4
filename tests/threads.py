"""A process's threads and the processes they have started, as Linux lists them; what ends meanwhile is left out."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any


def of_each_thread(ask: Callable[[int], Any], process: int | str = "self") -> list[Any]:
    """What each thread of a process answers to a question that is put with its number."""
    return _answers(ask, [int(task.name) for task in Path(f"/proc/{process}/task").iterdir()])


def children_of(process: int | str = "self") -> dict[int, bytes]:
    """The processes that a process has started, each with its command line."""
    lists = of_each_thread(lambda thread: Path(f"/proc/{process}/task/{thread}/children").read_text(), process)
    numbers = [int(number) for number in " ".join(lists).split()]
    return dict(_answers(lambda number: (number, Path(f"/proc/{number}/cmdline").read_bytes()), numbers))


def _answers(ask: Callable[[int], Any], numbers: list[int]) -> list[Any]:
    answers = []
    for number in numbers:
        with suppress(FileNotFoundError, ProcessLookupError):
            answers.append(ask(number))
    return answers

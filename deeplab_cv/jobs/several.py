"""Several runs at once, each in a thread of its own: what becomes of one of them does not disturb the others."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Protocol

from deeplab_cv.jobs.job import Job, UserQuit, run_job
from deeplab_cv.sinks.sink import Written

_LOOK_S = 0.05
"""How often it is looked whether all runs are over, where nothing shows them."""


@dataclass(frozen=True)
class NamedJob:
    """One of several runs.

    Attributes:
        label: what its source is called, such as `camera-0`.
        job: the run.
    """

    label: str
    job: Job


@dataclass(frozen=True)
class Outcome:
    """What became of one of several runs.

    Attributes:
        label: what its source is called.
        frames: how many its sinks and its screen were given; 0 where it failed.
        written: what its sinks left behind.
        error: why it failed; None where it did not.
    """

    label: str
    frames: int
    _: KW_ONLY
    written: tuple[Written, ...] = ()
    error: Exception | None = None


class Overview(Protocol):
    """What shows several runs together, and from where they are controlled; all of it in the main thread."""

    def attend(self) -> None:
        """Do what was asked for and show what is new, then rest for a moment. Raises UserQuit."""
        ...

    def over(self, outcome: Outcome) -> None:
        """One of the runs is over; called in the thread that ran it."""
        ...


def run_jobs(
    jobs: Sequence[NamedJob],
    *,
    stop: threading.Event,
    overview: Overview | None = None,
    progress: Callable[[], None],
    over: Callable[[Outcome], None],
) -> list[Outcome]:
    """Run each to an ending of its own, all at the same time, and return once the last is over.

    Runs in the main thread where there is a window, as windows demand.

    Args:
        jobs: what is run; each job's source, stream, sinks and screen are its own.
        stop: ends all runs when it is set, by whomever.
        overview: shows them; None where they only write.
        progress: called after each frame of any of them, by one thread at a time.
        over: called for each as soon as it is over, in the thread that ran it.

    Returns:
        What became of each, in the order of the jobs.
    """
    ending = threading.Event()
    counting = threading.Lock()
    outcomes: dict[str, Outcome] = {}

    def count() -> None:
        with counting:
            progress()

    def run(named: NamedJob) -> None:
        outcome = outcomes[named.label] = _run(named, ending, count)
        if overview is not None:
            overview.over(outcome)
        over(outcome)

    threads = [threading.Thread(target=partial(run, named), name=named.label, daemon=True) for named in jobs]
    for thread in threads:
        thread.start()
    try:
        while not stop.is_set() and any(thread.is_alive() for thread in threads):
            if overview is None:
                stop.wait(_LOOK_S)
            else:
                overview.attend()
    except UserQuit:
        pass
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    return [outcomes[named.label] for named in jobs]


def _run(named: NamedJob, stop: threading.Event, progress: Callable[[], None]) -> Outcome:
    written: list[Written] = []
    try:
        frames = run_job(named.job, stop=stop, progress=progress, written=written.append)
    except Exception as error:
        return Outcome(named.label, 0, written=tuple(written), error=error)
    return Outcome(named.label, frames, written=tuple(written))

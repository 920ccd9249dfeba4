"""A stopwatch, and turns A B A B, so that a machine that slows down or is busy is equally unfair to all."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from deeplab_cv.engines import timing


@dataclass(frozen=True)
class Cost:
    """What one frame costs.

    Attributes:
        wall_ms: milliseconds on the clock.
        processor_ms: milliseconds of all cores together, this process alone.
    """

    wall_ms: float
    processor_ms: float


@dataclass(frozen=True)
class Spread:
    """What several rounds gave."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        digits = 2 if self.median < 10 else 1 if self.median < 100 else 0
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}..{self.high:.{digits}f})"


def spread_of(values: Iterable[float]) -> Spread:
    """Median, smallest and greatest. Raises statistics.StatisticsError for no values."""
    known = list(values)
    return Spread(statistics.median(known), min(known), max(known))


@dataclass(frozen=True)
class Work:
    """Something to be timed.

    Attributes:
        run: does it once, for all frames.
        frames: how many frames that is.
    """

    run: Callable[[], None]
    frames: int = 1


def timed(work: Work) -> Cost:
    """Run it once; what that cost a frame."""
    wall_s, processor_s = time.perf_counter(), time.process_time()
    work.run()
    wall_s, processor_s = time.perf_counter() - wall_s, time.process_time() - processor_s
    return Cost(wall_s * 1000 / work.frames, processor_s * 1000 / work.frames)


def costs_in_turns(works: Mapping[str, Work], rounds: int) -> dict[str, list[Cost]]:
    """Run all of them, one after another, `rounds` times: A B A B. What each round cost a frame."""
    return timing.in_turns({name: partial(timed, work) for name, work in works.items()}, rounds)

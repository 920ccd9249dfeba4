"""How long engines take, measured in turns, so that a busy machine is equally unfair to all."""

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from deeplab_cv.engines.engine import Blob, Engine, run_all

Key = TypeVar("Key")
Measured = TypeVar("Measured")


def frame_ms(engine: Engine, blob: Blob) -> float:
    """Milliseconds a frame takes with as many in flight as the engine takes, from one measurement."""
    begun_at = time.perf_counter()
    for _ in run_all(engine, [blob] * engine.depth):
        pass
    return (time.perf_counter() - begun_at) * 1000 / engine.depth


def in_turns(
    works: Mapping[Key, Callable[[], Measured]],
    rounds: int,
    *,
    enough: Callable[[Mapping[Key, list[Measured]]], bool] = lambda results: False,
) -> dict[Key, list[Measured]]:
    """Run all works one after another, `rounds` times: A B A B.

    Args:
        works: each measures itself once.
        rounds: how often, at most.
        enough: looked at after each round with all results so far; True ends the measurement.

    Returns:
        What each work gave in each round.
    """
    results: dict[Key, list[Measured]] = {key: [] for key in works}
    for _ in range(rounds):
        for key, work in works.items():
            results[key].append(work())
        if enough(results):
            break
    return results

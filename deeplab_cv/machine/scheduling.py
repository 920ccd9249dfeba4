"""How the system schedules this process's threads, kept as it was while an encoder begins."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def kept_scheduling() -> Iterator[None]:
    """Schedule this thread, and those that begin meanwhile, as this thread was scheduled before.

    Where root runs it SVT-AV1 makes the thread that opens it and its own threads real-time ones, of the greatest
    priority that Linux has (seen with the one in PyAV 19): whatever else the machine does waits for them, and so it
    does for each program that is started from there on.
    """
    if sys.platform != "linux":
        yield
        return
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    before = _threads()
    try:
        yield
    finally:
        for thread in [0, *(_threads() - before)]:
            # It may have ended meanwhile.
            with contextlib.suppress(OSError):
                os.sched_setscheduler(thread, policy, priority)


def _threads() -> set[int]:
    return {int(task.name) for task in Path("/proc/self/task").iterdir()}

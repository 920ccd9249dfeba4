"""Turns among threads: who asks first has the first one."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """One turn at a time, in the order of asking; a lock of Python's goes to any of those who wait."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for a turn, without the one that has it."""
        return max(0, len(self._waiting) - 1)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have a turn while the block runs."""
        mine = threading.Event()
        with self._changing:
            self._waiting.append(mine)
            if len(self._waiting) == 1:
                mine.set()
        try:
            mine.wait()
            yield
        finally:
            # Also after Ctrl-C while it waited, or the row would stand still.
            with self._changing:
                self._waiting.remove(mine)
                if self._waiting:
                    self._waiting[0].set()

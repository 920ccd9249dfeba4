"""How tests wait: for what they want to see, never for so many seconds."""

import time
from collections.abc import Callable
from typing import Any

import pytest

HANGS_S = 300.0
"""What takes so long has hung, however busy the machine is; only a guard, no test's result depends on it."""


def wait_for(look: Callable[[], Any], hangs_s: float = HANGS_S, seen_instead: Callable[[], str] = str) -> Any:
    """Look again and again until there is something to see; what is seen instead is said where it never comes."""
    deadline = time.monotonic() + hangs_s
    while not (seen := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain {seen_instead()}")
        time.sleep(0.02)
    return seen


class Clock:
    """A clock in the place of `time` or of an event, which only waiting moves on."""

    now_s = 1000.0

    def monotonic(self) -> float:
        """The time now."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.now_s += seconds

    def wait(self, seconds: float) -> bool:
        """Move on; nothing has happened meanwhile."""
        self.now_s += seconds
        return False

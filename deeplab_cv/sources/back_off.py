"""How long to wait before a lost source is tried again."""

import random
from collections.abc import Callable

DELAYS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Before each further try; the last one again and again."""

JITTER = 0.2
"""The share by which a delay is longer or shorter by chance, so that many programs do not all come at once."""

STUBBORN_S = 60.0
"""Before each try of what will not change by itself, such as a wrong password."""

STEADY_S = 30.0
"""So long pictures must have come for a source to count as back: one that flaps is not to be hammered."""


def _by_chance() -> float:
    return random.uniform(-1.0, 1.0)


class BackOff:
    """Counts the tries that failed, one after the other."""

    def __init__(self, chance: Callable[[], float] = _by_chance) -> None:
        """Nothing has failed yet. `chance` gives -1..1, how much of the jitter a delay has."""
        self._chance = chance
        self.tries = 0

    def next_delay_s(self, *, stubborn: bool = False) -> float:
        """Seconds until the next try, after one more that failed; `stubborn`: it will not change by itself."""
        usual = STUBBORN_S if stubborn else DELAYS_S[min(self.tries, len(DELAYS_S) - 1)]
        self.tries += 1
        return usual * (1 + JITTER * self._chance())

    def played(self, seconds: float) -> None:
        """Pictures came for so long: long enough, and the next loss is the first again."""
        if seconds >= STEADY_S:
            self.tries = 0

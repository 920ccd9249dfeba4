"""How much of the budget is used, and the learning rate that goes with it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a training may use: a number of steps (then it is deterministic) or of minutes; exactly one is set."""

    steps: int | None = None
    minutes: float | None = None

    def share_used(self, step: int, seconds: float) -> float:
        """0 at the start, 1 when it is used up."""
        if self.minutes is not None:
            return min(1.0, seconds / (60 * self.minutes))
        return min(1.0, step / (self.steps or 1))


WARM_UP_SHARE = 0.03
FLOOR = 0.01


def learning_rate_factor(share: float) -> float:
    """Rises linearly to 1 over the first 3 % of the budget, then falls along a cosine to 0.01."""
    if share < WARM_UP_SHARE:
        return max(FLOOR, share / WARM_UP_SHARE)
    along = (share - WARM_UP_SHARE) / (1 - WARM_UP_SHARE)
    return FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * along))

"""What is odd about the pictures of a live source: they stand still, their time jumps, or there are far too many."""

from collections.abc import Callable

from deeplab_cv.sources.connection import Arrival

STILL_S = 10.0
"""Pictures that are equal to the last bit for so long are no scene: a camera has noise."""

JUMP_BACK_S = 0.3
JUMP_AHEAD_S = 10.0
"""How far a sender's clock may step without a word: back, or ahead of the time that has really passed."""

SHOWN_S = 10.0
"""How long a jump is shown."""

RATE_WINDOW_S = 2.0
WINDOWS = 3
"""So many windows in a row must hold too many pictures: after a gap what was held up comes all at once."""


def too_many(rate: float, nominal: float) -> bool:
    """A rate lies far over what the source says of itself; both in pictures a second."""
    return rate > 1.5 * nominal + 10


class Notices:
    """Looks at each picture that comes, and says what is odd."""

    def __init__(self, nominal_rate: float | None, say: Callable[[str], None]) -> None:
        """Nothing was seen yet.

        Args:
            nominal_rate: pictures a second, as the source says; None where it does not.
            say: called once as something odd begins, with its words.
        """
        self._nominal = nominal_rate
        self._say = say
        self._before: Arrival | None = None
        self._still_since = 0.0
        self._jump = ("", 0.0)
        self._window_began = 0.0
        self._in_window = 0
        self._full_windows = 0
        self._shown: dict[str, str] = {}

    def see(self, picture: Arrival) -> tuple[str, ...]:
        """Take the next picture; what is to be shown now."""
        found = {
            "still": self._standing_still(picture),
            "jump": self._jumping(picture),
            "rate": self._too_many(picture),
        }
        self._before = picture
        for kind, words in found.items():
            if words and not self._shown.get(kind):
                self._say(words)
        self._shown = found
        return tuple(filter(None, found.values()))

    def _standing_still(self, picture: Arrival) -> str:
        same = self._before is not None and picture.fingerprint is not None
        if not same or self._before is None or self._before.fingerprint != picture.fingerprint:
            self._still_since = picture.came_at
        return "the picture stands still" if picture.came_at - self._still_since >= STILL_S else ""

    def _jumping(self, picture: Arrival) -> str:
        before = self._before
        if before is not None and before.sent_at is not None and picture.sent_at is not None:
            step = picture.sent_at - before.sent_at
            if step < -JUMP_BACK_S:
                self._jump = f"its time jumped back by {-step:.0f} s", picture.came_at
            elif step - (picture.came_at - before.came_at) > JUMP_AHEAD_S:
                self._jump = f"its time jumped ahead by {step:.0f} s", picture.came_at
        words, at = self._jump
        return words if words and picture.came_at - at < SHOWN_S else ""

    def _too_many(self, picture: Arrival) -> str:
        if self._nominal is None:
            return ""
        if self._before is None:
            self._window_began = picture.came_at
        self._in_window += 1
        passed = picture.came_at - self._window_began
        if passed < RATE_WINDOW_S:
            return self._shown.get("rate", "")
        rate = self._in_window / passed
        self._window_began, self._in_window = picture.came_at, 0
        self._full_windows = self._full_windows + 1 if too_many(rate, self._nominal) else 0
        if self._full_windows < WINDOWS:
            return ""
        return f"it sends {rate:.0f} pictures a second, and says {self._nominal:.0f}"

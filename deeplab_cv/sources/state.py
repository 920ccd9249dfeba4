"""What a live source is doing at this moment, as a window, a page and a log say it."""

from dataclasses import KW_ONLY, dataclass
from typing import Literal

Phase = Literal["connecting", "playing", "gone"]


@dataclass(frozen=True)
class SourceState:
    """A source at this moment; a file plays for as long as it is read.

    Attributes:
        name: what the user is told, without secrets, such as `camera 0`.
        phase: pictures come, or they do not and the next try is waited for (gone) or under way (connecting).
        reason: why no pictures come, in words; empty while they do.
        retry_at: when the next try is made, `time.monotonic()` in seconds; None where it comes by itself or never.
        tries: tries to get it back, the one that is waited for included.
        reconnects: how often it came back.
        stalls: how often it was lost because it fell silent.
        notices: what is odd about pictures that do come, such as `the picture stands still`.
    """

    name: str
    phase: Phase = "playing"
    _: KW_ONLY
    reason: str = ""
    retry_at: float | None = None
    tries: int = 0
    reconnects: int = 0
    stalls: int = 0
    notices: tuple[str, ...] = ()

    def line(self, now: float) -> str:
        """Why no pictures come, for the user: `camera 0 is gone, trying again in 4 s`; empty while they do.

        Args:
            now: `time.monotonic()` in seconds.
        """
        if self.phase == "playing":
            return ""
        if self.phase == "connecting":
            return f"{self.name} is gone, trying again"
        if self.retry_at is None:
            return f"{self.name} is gone, waiting for it"
        # Rounded up, so that nobody is told of 0 s.
        return f"{self.name} is gone, trying again in {max(1, -int(-(self.retry_at - now) // 1))} s"

    @property
    def history(self) -> str:
        """How often it was lost and came back, such as `2 reconnects, 1 stall`; empty where it never was."""
        counts = ((self.reconnects, "reconnect"), (self.stalls, "stall"))
        return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count)

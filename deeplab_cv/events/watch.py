"""When an event begins and when it is over: a small state machine over times and shares of the picture."""

from dataclasses import dataclass, replace
from typing import Literal

Change = Literal["begin", "end"]


@dataclass(frozen=True, kw_only=True)
class EventRules:
    """What makes an event.

    Attributes:
        share: of the picture that the class has to fill, 0..1.
        lasts_s: how long it has to be there before that counts, in seconds.
        pre_roll_s: how much is kept from before it came, in seconds.
        post_roll_s: how much is kept from after it left, in seconds.
    """

    share: float
    lasts_s: float
    pre_roll_s: float
    post_roll_s: float

    @property
    def share_to_stay(self) -> float:
        """What is there already stays until it fills less: a share that trembles round a limit is one event."""
        return self.share / 2


@dataclass(frozen=True)
class Event:
    """What is known of an event.

    Attributes:
        start_s: when the class came, in the source's time.
        end_s: when it was seen last.
        peak_share: the largest part of the picture that it filled.
        peak_s: when that was.
    """

    start_s: float
    end_s: float
    peak_share: float
    peak_s: float

    def seen(self, time_s: float, share: float) -> "Event":
        """The event with one more picture of the class."""
        if share > self.peak_share:
            return Event(self.start_s, time_s, share, time_s)
        return replace(self, end_s=time_s)

    def joined(self, later: "Event") -> "Event":
        """Two events as one."""
        peak = max(self, later, key=lambda each: each.peak_share)
        return Event(self.start_s, later.end_s, peak.peak_share, peak.peak_s)


class EventWatch:
    """Told of each picture, it says when an event begins and when it is over.

    An event is over when nothing more can belong to its recording: one that comes so soon that the two recordings would
    overlap is the same event.

    Attributes:
        event: the one that is on; None where there is none.
    """

    def __init__(self, rules: EventRules) -> None:
        """Nothing was seen yet."""
        self.event: Event | None = None
        self._rules = rules
        self._there = False
        self._coming: Event | None = None

    @property
    def recorded_until_s(self) -> float | None:
        """Pictures up to this time belong to the event; None where all do, or there is no event."""
        if self.event is None or self._there:
            return None
        return self.event.end_s + self._rules.post_roll_s

    def step(self, time_s: float, share: float, *, held: bool = False) -> Change | None:
        """One more picture.

        Args:
            time_s: its time, no earlier than that of the one before.
            share: of it that the class fills.
            held: it belongs to an event whatever the class fills, as somebody wants it.

        Returns:
            What changes with it.
        """
        stays = self._there or self._coming is not None
        if not held and share < (self._rules.share_to_stay if stays else self._rules.share):
            self._there, self._coming = False, None
            return self._end() if self._is_over(time_s) else None
        if self.event is not None and (self._there or time_s <= self.event.end_s + self._rules.post_roll_s):
            self.event, self._there, self._coming = self.event.seen(time_s, share), True, None
            return None
        if self._coming is None:
            self._coming = Event(time_s, time_s, share, time_s)
            if self._is_over(time_s):
                return self._end()
        else:
            self._coming = self._coming.seen(time_s, share)
        if not held and time_s - self._coming.start_s < self._rules.lasts_s:
            return None
        joins = self.event is not None
        self.event = self.event.joined(self._coming) if self.event is not None else self._coming
        self._there, self._coming = True, None
        return None if joins else "begin"

    def end(self) -> Change | None:
        """No more pictures come for now."""
        self._there, self._coming = False, None
        return self._end() if self.event is not None else None

    def _is_over(self, time_s: float) -> bool:
        """Not even the pre-roll of an event that began now would reach into the recording of this one."""
        if self.event is None:
            return False
        return time_s - self.event.end_s > self._rules.post_roll_s + self._rules.pre_roll_s

    def _end(self) -> Change:
        self.event = None
        return "end"

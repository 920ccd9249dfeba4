"""What lies between two threads: a bounded queue that loses nothing, or a mailbox that keeps only the newest."""

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FrameQueue(Generic[Item]):
    """Hands items from one thread to another.

    Attributes:
        replaced: items that were thrown away unread because a newer one came (live only).
        reopened: how often it was reopened.
    """

    def __init__(self, capacity: int, *, live: bool) -> None:
        """A queue of `capacity` items whose `put` waits for room, or, when live, replaces the oldest."""
        self.replaced = 0
        self.reopened = 0
        self._capacity = capacity
        self._live = live
        self._items: deque[Item] = deque()
        self._ended = False
        self._stopped = False
        self._changed = threading.Condition()

    def put(self, item: Item) -> bool:
        """Add an item; False when the queue was stopped and nobody will take it."""
        with self._changed:
            while len(self._items) >= self._capacity and not self._stopped:
                if self._live:
                    self._items.popleft()
                    self.replaced += 1
                else:
                    self._changed.wait()
            if self._stopped:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def get(self, timeout_s: float | None = None) -> Item | None:
        """The oldest item; None when none came in time, or none will come any more (see `exhausted`)."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._ended or self._stopped, timeout_s)
            if self._stopped or not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def end(self) -> None:
        """Say that no more items will be put; those that wait can still be taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def reopen(self) -> None:
        """Throw away what waits; items are put again, also after an end."""
        with self._changed:
            self.reopened += 1
            self._ended = False
            self._items.clear()
            self._changed.notify_all()

    def wait_until_reopened(self, seen: int) -> bool:
        """Wait until it has been reopened more often than `seen`; False when it was stopped instead."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self.reopened > seen)
            return not self._stopped

    def stop(self) -> None:
        """Throw away what waits and wake both sides, for good."""
        with self._changed:
            self._stopped = True
            self._items.clear()
            self._changed.notify_all()

    @property
    def exhausted(self) -> bool:
        """Nothing waits and nothing will come."""
        with self._changed:
            return self._stopped or (self._ended and not self._items)

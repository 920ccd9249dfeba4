"""A pipe to whoever reads it: they may stop reading without hanging up, and a run has to end all the same."""

import errno
import os
import select
import sys
import threading
import time

_LOOK_S = 0.05

_LEAVE_S = 1.0
"""So long a reader is waited for in all, once somebody stops the run."""


class Outlet:
    """A pipe as a file that cannot be sought in; its reader is waited for until somebody stops the run.

    Attributes:
        cut: its reader was not there for all of it when the run was stopped.
    """

    def __init__(self, descriptor: int) -> None:
        """Nothing is written yet; `descriptor` is the system's number of the pipe."""
        self.cut = False
        self._descriptor = descriptor
        self._hurried = threading.Event()
        self._left_s = _LEAVE_S

    def write(self, data: bytes | memoryview) -> int:
        """Write all of it. Raises OSError where nobody reads it, or not soon enough after the run was stopped."""
        rest = memoryview(data)
        while rest:
            # What a pipe with room takes without a wait; Windows knows of none that has room, and there we wait.
            part = rest if sys.platform == "win32" else rest[: select.PIPE_BUF]
            self._wait_for_room()
            rest = rest[os.write(self._descriptor, part) :]
        return len(data)

    def hurry(self) -> None:
        """Wait no longer than a moment for the reader: somebody stops the run; from any thread."""
        self._hurried.set()

    def _wait_for_room(self) -> None:
        if sys.platform == "win32":
            return
        room = select.poll()
        room.register(self._descriptor, select.POLLOUT)
        # Only the reader's time counts, not that of the encoder between two writes.
        while not self.cut and not room.poll(0):
            begun = time.monotonic()
            room.poll(_LOOK_S * 1000)
            if self._hurried.is_set():
                self._left_s -= time.monotonic() - begun
                self.cut = self._left_s <= 0
        if self.cut:
            raise BrokenPipeError(errno.EPIPE, "its reader takes nothing")

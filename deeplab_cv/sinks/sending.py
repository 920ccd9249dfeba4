"""One connection that a stream is sent through, in a process of its own, for which nothing here ever waits."""

import contextlib
import queue
import subprocess
import threading
from collections import deque
from typing import Literal

from deeplab_cv.machine.child import started
from deeplab_cv.machine.messages import receive, send
from deeplab_cv.sinks.sending_process import Failure, Parcel, Report, Target
from deeplab_cv.sources.connection import USUAL_LIMITS, Clock, Limits

_START_S = 60.0
"""So long a process may take to start, on a machine that has much else to do."""

_CLOSED = Failure("the connection was closed")

Phase = Literal["starting", "connecting", "open", "ended"]


class Sender:
    """Hands parcels to the process that sends them.

    Attributes:
        taken_pictures: of the first track, how many were taken.
    """

    def __init__(self, target: Target, *, clock: Clock, limits: Limits = USUAL_LIMITS) -> None:
        """Begin to start the process and to connect.

        Args:
            target: where to, and what.
            clock: whose time counts.
            limits: how long the server may take.
        """
        self.taken_pictures = 0
        self._target, self._clock, self._limits = target, clock, limits
        self._phase: Phase = "starting"
        self._failure = _CLOSED
        self._moved_at = clock.now()
        self._given: deque[tuple[float, bool]] = deque()
        self._waiting: queue.SimpleQueue[Parcel | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._killed = False
        self._process: subprocess.Popen[bytes] | None = None
        threading.Thread(target=self._feed, name="stream out", daemon=True).start()

    @property
    def phase(self) -> Phase:
        """How far it is."""
        with self._lock:
            return self._phase

    @property
    def behind_s(self) -> float:
        """How long the oldest parcel waits that was not taken yet, in seconds; 0 where none does."""
        with self._lock:
            return self._clock.now() - self._given[0][0] if self._given else 0.0

    @property
    def waiting_pictures(self) -> int:
        """Of the first track, how many were not taken yet."""
        with self._lock:
            return sum(is_picture for _, is_picture in self._given)

    @property
    def is_coming(self) -> bool:
        """It is not known yet whether anybody receives."""
        return self.phase in ("starting", "connecting") and self.trouble is None

    @property
    def trouble(self) -> Failure | None:
        """Why no more can be sent, or will be: the connection has ended, or the server is silent; None where it can."""
        with self._lock:
            silent_s = self._clock.now() - self._moved_at
            match self._phase:
                case "ended":
                    return self._failure
                case "starting" if silent_s > _START_S:
                    return Failure("the process that sends does not start")
                case "connecting" if silent_s > self._limits.open_s:
                    return Failure(f"nobody answers within {self._limits.open_s:.0f} s")
                case "open" if self._given and silent_s > self._limits.stall_s:
                    return Failure(f"nothing is taken for {self._limits.stall_s:.0f} s")
            return None

    def give(self, parcel: Parcel) -> None:
        """Have a parcel sent."""
        with self._lock:
            now = self._clock.now()
            if not self._given:
                self._moved_at = now
            self._given.append((now, parcel.track == 0))
        self._waiting.put(parcel)

    def end(self) -> None:
        """There are no more parcels: hang up once all are sent."""
        self._waiting.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended, at most so long; whether it has."""
        return self._ended.wait(seconds)

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        with self._lock:
            self._killed = True
            if self._process is not None:
                self._process.kill()
        self.end()

    def _feed(self) -> None:
        try:
            process = started("deeplab_cv.sinks.sending_process")
        except OSError as error:
            self._take_down(Failure(f"no process can be started: {error.strerror}"))
            self._ended.set()
            return
        with self._lock:
            self._process = process
            if self._killed:
                process.kill()
        threading.Thread(target=self._listen, args=(process,), name="stream out", daemon=True).start()
        stdin = process.stdin
        assert stdin is not None
        with contextlib.suppress(OSError):
            send(stdin, self._target)
            parcel: Parcel | None = None
            while (parcel := self._waiting.get()) is not None:
                send(stdin, parcel)
        with contextlib.suppress(OSError):
            stdin.close()

    def _listen(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        while (report := receive(process.stdout)) is not None:
            self._take_down(report)
        process.kill()
        process.wait()
        process.stdout.close()
        with self._lock:
            self._phase = "ended"
        self._ended.set()
        # Whoever feeds it may wait for a parcel.
        self.end()

    def _take_down(self, report: Report) -> None:
        with self._lock:
            self._moved_at = self._clock.now()
            if isinstance(report, Failure):
                self._failure, self._phase = report, "ended"
            elif report != "taken":
                self._phase = report
            elif self._given:
                self.taken_pictures += self._given.popleft()[1]

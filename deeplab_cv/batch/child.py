"""A worker's process as whoever hands out files sees it: what it has, and what it says."""

import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from deeplab_cv.batch.work import Plan, Task
from deeplab_cv.batch.worker_process import Message, Ready
from deeplab_cv.machine.messages import receive, send

_LOADING_S = 900.0
"""So long it may take to load; on a machine's first start every engine is tried."""

_ROOT = Path(__file__).parents[2]
PROGRAM = (
    sys.executable,
    "-c",
    f"import sys\nsys.path = [{str(_ROOT)!r}, *filter(None, sys.path)]\n"
    "from deeplab_cv.batch.worker_process import main\nmain()",
)
"""Starts a worker; not by -m, which would take modules out of the working folder."""


class Child:
    """One process, and the files that it has.

    Attributes:
        tasks: its files; the first is in its hands.
        ready: what it said when it was loaded; None until then.
        ended_for: why it was ended from outside; empty where it was not.
        last_heard_s: when it last said something, or was given a file.
    """

    def __init__(self, number: int, plan: Plan, program: Sequence[str], heard: "queue.SimpleQueue[Heard]") -> None:
        self.tasks: deque[Task] = deque()
        self.ready: Ready | None = None
        self.ended_for = ""
        self.last_heard_s = time.monotonic()
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        self.process = subprocess.Popen(
            list(program),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=flags,
        )
        assert self.process.stdout is not None
        name = f"worker-{number}"
        threading.Thread(target=self._listen, args=(self.process.stdout, heard), name=name, daemon=True).start()
        self._send(plan)

    def give(self, task: Task) -> None:
        """Hand it a file."""
        self.last_heard_s = time.monotonic()
        self.tasks.append(task)
        self._send(task)

    def may_be_silent_s(self, patience_s: float) -> float:
        """So long it may say nothing while it has something to do."""
        return patience_s if self.ready else _LOADING_S

    def silent_too_long(self, patience_s: float) -> bool:
        """It has something to do and says nothing."""
        silent_s = time.monotonic() - self.last_heard_s
        return bool(self.tasks or not self.ready) and silent_s > self.may_be_silent_s(patience_s)

    def end(self) -> None:
        """End the process, whatever it does, and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue

    def _send(self, message: object) -> None:
        assert self.process.stdin is not None
        try:
            send(self.process.stdin, message)
        except OSError:
            # It has ended; that is heard from its other end.
            return

    def _listen(self, stdout: IO[bytes], heard: "queue.SimpleQueue[Heard]") -> None:
        while (message := receive(stdout)) is not None:
            self.last_heard_s = time.monotonic()
            heard.put((self, message))
        heard.put((self, None))


Heard = tuple[Child, Message | None]
"""Who said what; None is the end of the process."""

"""The process of a worker, see `pool`: reads its plan, then files, and writes what came of each.

What this process prints itself goes nowhere, and what it logs is a message.
"""

import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from deeplab_cv.batch.work import Outcome, Plan
from deeplab_cv.errors import UserError
from deeplab_cv.machine.memory import own_memory, return_free_memory
from deeplab_cv.machine.messages import receive, send
from deeplab_cv.machine.processor import count_on
from deeplab_cv.segmentation.network_engines import Pinned

_BEAT_EVERY_S = 1.0


@dataclass(frozen=True)
class Ready:
    """The network is proven.

    Attributes:
        pinned: the engine and the graph.
        engine_name: the engine as the runtime describes itself.
        threads: processor threads of the engine; 0 where it computes elsewhere.
        memory: bytes that the process takes for itself, None where the system does not tell.
    """

    pinned: Pinned
    engine_name: str
    threads: int
    memory: int | None


@dataclass(frozen=True)
class Beat:
    """A file is still being worked on: a further frame is done."""


@dataclass(frozen=True)
class Said:
    """A line for the user, with the level that `logging` gives it."""

    level: int
    text: str


Message = Ready | Beat | Said | Outcome | UserError
"""What a worker says; an error ends the job, since it would come of every file."""

Say = Callable[[Message], None]


def main() -> None:
    """Work on files until there are no more, or until nobody is left to hand them out."""
    # Ctrl-C reaches the whole terminal: whoever hands out files decides what becomes of those in hand.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    incoming: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, incoming), daemon=True).start()

    saying = threading.Lock()

    def say(message: Message) -> None:
        try:
            with saying:
                send(reports, message)
        except OSError:
            os._exit(1)

    logger = logging.getLogger("deeplab_cv")
    logger.setLevel(logging.INFO)
    logger.addHandler(_LinesSaid(say))
    try:
        _work(incoming, say)
    except UserError as error:
        say(error)
    # Native threads of engines and decoders are not waited for: every output is whole.
    os._exit(0)


def _work(incoming: "queue.SimpleQueue[Any]", say: Say) -> None:
    from deeplab_cv.batch.worker import Worker

    plan: Plan = incoming.get()
    count_on(plan.cores)
    worker = Worker(plan)
    return_free_memory()
    say(Ready(worker.pinned, worker.engine_name, worker.threads, own_memory()))
    last_beat_s = time.monotonic()

    def beat() -> None:
        nonlocal last_beat_s
        if time.monotonic() - last_beat_s >= _BEAT_EVERY_S:
            last_beat_s = time.monotonic()
            say(Beat())

    while (task := incoming.get()) is not None:
        say(worker.work_on(task, beat))


class _LinesSaid(logging.Handler):
    """Hands what is logged to whoever hands out files."""

    def __init__(self, say: Say) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(Said(record.levelno, self.format(record)))


def _read(stdin: IO[bytes], incoming: "queue.SimpleQueue[Any]") -> None:
    while (message := receive(stdin)) is not None:
        incoming.put(message)
    # Whoever handed out files is gone: nobody would note what is made from now on.
    os._exit(1)

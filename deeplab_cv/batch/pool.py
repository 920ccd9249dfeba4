"""Worker processes: as many as the machine has room for, each replaced where it dies or stops answering.

A file that was in the hands of a worker when it ended is tried once more; where that worker ends as well, the file is
set aside.
"""

import logging
import queue
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from deeplab_cv.batch import staged
from deeplab_cv.batch.places import FolderPlace
from deeplab_cv.batch.work import Identity, Item, Plan, Record
from deeplab_cv.batch.worker import identity_of
from deeplab_cv.batch.worker_process import Message, Ready, Said, Task, receive, send
from deeplab_cv.errors import EngineError, SourceError, UserError
from deeplab_cv.machine.endings import how_it_ended
from deeplab_cv.machine.memory import free_memory
from deeplab_cv.machine.processor import usable_cores

_log = logging.getLogger(__name__)

PATIENCE_S = 120.0
"""So long a worker may be silent over one frame."""

_LOADING_S = 900.0
"""So long it may take to load; on a machine's first start every engine is tried."""

_AHEAD = 2
"""Files that a worker has: one in hand, and one so that it need not wait for the next."""

_LOOKS_EVERY_S = 0.2
_ENDS_WITHIN_S = 2.0
_MOST_ON_ONE_CARD = 4
_USUAL_MEMORY = 500_000_000
"""What a worker is taken to need before one was measured."""

_ROOM = 2.0
"""So many times the memory that a worker has once it is loaded it may need while it works."""

_SHARE = 0.8
"""Of the memory that is free, that the workers may take."""

_ROOT = Path(__file__).parents[2]
PROGRAM = (
    sys.executable,
    "-c",
    f"import sys\nsys.path = [{str(_ROOT)!r}, *filter(None, sys.path)]\n"
    "from deeplab_cv.batch.worker_process import main\nmain()",
)
"""Starts a worker; not by -m, which would take modules out of the working folder."""


def workers_at_first() -> int:
    """How many workers the machine has room for, as far as that is known before one was measured."""
    return max(1, min(usable_cores(), _fitting(_USUAL_MEMORY)))


def _fitting(memory: int) -> int:
    free = free_memory()
    return usable_cores() if free is None else int(_SHARE * free / memory)


class _Worker:
    """One process, and the files that it has.

    Attributes:
        tasks: its files; the first is in its hands.
        ready: what it said when it was loaded; None until then.
        ended_for: why it was ended from outside; empty where it was not.
        last_heard_s: when it last said something, or was given its first file.
    """

    def __init__(self, number: int, plan: Plan, program: Sequence[str], heard: "queue.SimpleQueue[_Heard]") -> None:
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
        if not self.tasks:
            self.last_heard_s = time.monotonic()
        self.tasks.append(task)
        self._send(task)

    def silent_too_long(self, patience_s: float) -> bool:
        """It has something to do and says nothing."""
        limit_s = patience_s if self.ready else _LOADING_S
        return bool(self.tasks or not self.ready) and time.monotonic() - self.last_heard_s > limit_s

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

    def _listen(self, stdout: IO[bytes], heard: "queue.SimpleQueue[_Heard]") -> None:
        while (message := receive(stdout)) is not None:
            heard.put((self, message))
        heard.put((self, None))


_Heard = tuple[_Worker, Message | None]


class Pool:
    """Worker processes for the files of one job.

    Attributes:
        most_workers: how many processes there were at once.
        ready: what the first of them said when it was loaded; None until then.
    """

    def __init__(
        self,
        plan: Plan,
        place: FolderPlace,
        *,
        most: int | None = None,
        program: Sequence[str] = PROGRAM,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """No process is started yet.

        Args:
            plan: what is done to every file.
            place: where outputs go.
            most: how many processes at most; without it as many as there is room for.
            program: what starts a worker.
            patience_s: how long a worker may be silent over one frame.
        """
        self.most_workers = 0
        self.ready: Ready | None = None
        self._plan = plan
        self._place = place
        self._most = most
        self._program = program
        self._patience_s = patience_s
        self._heard: queue.SimpleQueue[_Heard] = queue.SimpleQueue()
        self._alive: list[_Worker] = []
        self._number = 0
        self._waiting: deque[Task] = deque()
        self._ended_over: Counter[str] = Counter()

    def work_on(self, tasks: Sequence[Task], stop: threading.Event) -> Iterator[Record]:
        """What comes of each file, as soon as it is known; ends early once `stop` is set.

        Raises:
            UserError: the network or the engine cannot be had, the disk is full, or no worker stays alive.
        """
        self._waiting = deque(tasks)
        try:
            if tasks:
                self._start()
            while not stop.is_set() and (self._waiting or any(worker.tasks for worker in self._alive)):
                yield from self._next_records()
        finally:
            for worker in self._alive:
                worker.end()
            self._alive.clear()

    def _next_records(self) -> Iterator[Record]:
        """What comes of the next message: a record where it is one, or where it ends a worker for the second time."""
        for worker in [each for each in self._alive if each.silent_too_long(self._patience_s)]:
            worker.ended_for = f"stopped answering for {self._patience_s:g} s"
            worker.process.kill()
        try:
            worker, message = self._heard.get(timeout=_LOOKS_EVERY_S)
        except queue.Empty:
            return
        worker.last_heard_s = time.monotonic()
        if isinstance(message, UserError):
            raise message
        if isinstance(message, Ready):
            worker.ready = message
            if self.ready is None:
                self.ready = message
                self._start_others(message)
        elif isinstance(message, Said):
            _log.log(message.level, "%s", message.text)
        elif isinstance(message, Record):
            worker.tasks.popleft()
            yield message
        elif message is None:
            yield from self._after_end_of(worker)
        self._hand_out()

    def _hand_out(self) -> None:
        for worker in self._alive:
            while worker.ready and self._waiting and len(worker.tasks) < self._ahead:
                worker.give(self._waiting.popleft())

    @property
    def _ahead(self) -> int:
        # The last files are not to wait behind each other while a worker has none.
        return _AHEAD if len(self._waiting) > len(self._alive) else 1

    def _start(self) -> None:
        self._number += 1
        self._alive.append(_Worker(self._number, self._plan, self._program, self._heard))
        self.most_workers = max(self.most_workers, len(self._alive))

    def _start_others(self, first: Ready) -> None:
        """Start as many more as there is room for, now that it is known what one takes."""
        self._plan = replace(self._plan, pinned=first.pinned)
        room = usable_cores() if first.threads else _MOST_ON_ONE_CARD
        room = min(room, 1 + _fitting(int(_ROOM * (first.memory or _USUAL_MEMORY))))
        wanted = room if self._most is None else self._most
        for _ in range(min(wanted, len(self._waiting)) - 1):
            self._start()

    def _after_end_of(self, worker: _Worker) -> Iterator[Record]:
        """A worker is gone: what it had is handed to others, and another one takes its place."""
        worker.end()
        self._alive.remove(worker)
        how = worker.ended_for or how_it_ended(worker.process.returncode)
        if worker.ready is None:
            self._lost_while_loading(how)
            return
        if worker.tasks:
            suspect = worker.tasks.popleft()
            yield from self._after_end_over(suspect, how)
        self._waiting.extendleft(reversed(worker.tasks))
        worker.tasks.clear()
        if len(self._alive) < len(self._waiting):
            self._start()

    def _lost_while_loading(self, how: str) -> None:
        if not self._alive:
            raise EngineError("a worker ends before it has loaded the network", how, "try another --backend")
        _log.warning("a worker %s while it loaded; %d work on", how, len(self._alive))

    def _after_end_over(self, task: Task, how: str) -> Iterator[Record]:
        folder = staged.staged_folder(self._place, task.item.input)
        if staged.is_whole(folder):
            yield staged.land(self._place, folder)
            return
        staged.discard_folder(folder)
        self._ended_over[task.item.input] += 1
        if self._ended_over[task.item.input] == 1:
            _log.warning("%s: the worker %s; it is tried once more", task.item.input, how)
            self._waiting.appendleft(task)
            return
        reason = f"two workers were lost over it, the second {how}: it is set aside"
        yield Record(
            input=task.item.input,
            name=task.item.name,
            identity=known_identity(task.item),
            settings=self._plan.settings_hash,
            stage="worker",
            reason=reason,
        )


def known_identity(item: Item) -> Identity | None:
    """By what a file is known again; None where it is not there."""
    try:
        return identity_of(Path(item.input))
    except SourceError:
        return None

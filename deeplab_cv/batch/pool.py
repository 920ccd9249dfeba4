"""Worker processes: as many as the machine has room for, each replaced where it dies or stops answering.

A file that was in the hands of a worker when it ended is tried once more; where that worker ends as well, the file is
set aside.
"""

import logging
import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from deeplab_cv.batch import staged
from deeplab_cv.batch.child import PROGRAM, Child, Heard
from deeplab_cv.batch.places import Place
from deeplab_cv.batch.work import Cut, DoneRecord, Identity, Item, Outcome, PartMade, Plan, Task, Uncuttable
from deeplab_cv.batch.worker import identity_of
from deeplab_cv.batch.worker_process import Ready, Said
from deeplab_cv.errors import EngineError, SourceError, UserError
from deeplab_cv.machine.endings import how_it_ended
from deeplab_cv.machine.memory import free_memory
from deeplab_cv.machine.processor import usable_cores
from deeplab_cv.sources.cutting import Part

_log = logging.getLogger(__name__)

PATIENCE_S = 120.0
"""So long a worker may be silent over one frame."""

_AHEAD = 2
"""Files that a worker has: one in hand, and one so that it need not wait for the next."""

_LOOKS_EVERY_S = 0.2
_MOST_ON_ONE_CARD = 4
_USUAL_MEMORY = 500_000_000
"""What a worker is taken to need before one was measured."""

_ROOM = 2.0
"""So many times the memory that a worker has once it is loaded it may need while it works."""

_SHARE = 0.8
"""Of the memory that is free, that the workers may take."""


def workers_at_first() -> int:
    """How many workers the machine has room for, as far as that is known before one was measured."""
    return max(1, min(usable_cores(), _fitting(_USUAL_MEMORY)))


def _fitting(memory: int) -> int:
    free = free_memory()
    return usable_cores() if free is None else int(_SHARE * free / memory)


class Pool:
    """Worker processes for the files of one job.

    Attributes:
        most_workers: how many processes there were at once.
        ready: what the first of them said when it was loaded; None until then.
    """

    def __init__(
        self,
        plan: Plan,
        place: Place,
        *,
        most: int | None = None,
        program: Sequence[str] = PROGRAM,
        patience_s: float = PATIENCE_S,
        on_ready: Callable[[Ready], None],
    ) -> None:
        """No process is started yet.

        Args:
            plan: what is done to every file.
            place: where outputs go.
            most: how many processes at most; without it as many as there is room for.
            program: what starts a worker.
            patience_s: how long a worker may be silent over one frame.
            on_ready: called with what the first of them says when it is loaded, before anything is made.
        """
        self.most_workers = 0
        self.ready: Ready | None = None
        self._plan = plan
        self._place = place
        self._most = most
        self._program = program
        self._patience_s = patience_s
        self._on_ready = on_ready
        self._heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        self._alive: list[Child] = []
        self._number = 0
        self._wanted = 1
        self._waiting: deque[Task] = deque()
        self._ended_over: Counter[tuple[str, Part | None]] = Counter()
        self._parts_left: dict[str, tuple[Part, ...]] = {}
        self._parts_made: Counter[str] = Counter()
        self._in_one: dict[str, Task] = {}

    def work_on(self, tasks: Sequence[Task], stop: threading.Event) -> Iterator[DoneRecord]:
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

    def _next_records(self) -> Iterator[DoneRecord]:
        """What comes of the next message: a record where it is one, or where it ends a worker for the second time."""
        if self._heard.empty():
            # Whoever takes the records may have taken long: what was said meanwhile comes first.
            self._end_who_is_silent()
        try:
            worker, message = self._heard.get(timeout=_LOOKS_EVERY_S)
        except queue.Empty:
            return
        if isinstance(message, UserError):
            raise message
        if isinstance(message, Ready):
            worker.ready = message
            if self.ready is None:
                self.ready = message
                self._on_ready(message)
                self._wanted = self._room_for(message)
        elif isinstance(message, Said):
            _log.log(message.level, "%s", message.text)
        elif isinstance(message, DoneRecord | Cut | PartMade | Uncuttable):
            yield from self._after(worker.tasks.popleft(), message)
        elif message is None:
            yield from self._after_end_of(worker)
        self._hand_out()
        loading = sum(worker.ready is None for worker in self._alive)
        if self.ready and len(self._alive) < self._wanted and len(self._waiting) > loading:
            self._start()

    def _end_who_is_silent(self) -> None:
        for worker in [each for each in self._alive if each.silent_too_long(self._patience_s)]:
            worker.ended_for = f"stopped answering for {worker.may_be_silent_s(self._patience_s):g} s"
            worker.process.kill()

    def _after(self, task: Task, outcome: Outcome) -> Iterator[DoneRecord]:
        """A task is done: what follows from it for the video that it was a part of."""
        file = task.item.input
        if isinstance(outcome, Cut):
            self._parts_left[file] = outcome.parts
            self._waiting.extendleft(replace(task, part=part) for part in reversed(outcome.parts))
            self._parts_made[file] = 0
        elif self._is_lost(task):
            self._begin_in_one(file)
        elif isinstance(outcome, PartMade):
            self._parts_made[file] += 1
            if self._parts_made[file] == len(self._parts_left[file]):
                self._waiting.appendleft(replace(task, part=None, parts=self._parts_left.pop(file)))
        else:
            self._forget_parts_of(file)
            if isinstance(outcome, Uncuttable):
                self._in_one[file] = Task(task.item, task.own, cuttable=False)
                self._begin_in_one(file)
            else:
                yield outcome

    def _is_lost(self, task: Task) -> bool:
        """It is a part of a video of which another part has failed."""
        return task.part is not None and task.item.input not in self._parts_left

    def _begin_in_one(self, file: str) -> None:
        """Work on a video that cannot be cut, once no worker is left in its folder."""
        busy = any(each.item.input == file for worker in self._alive for each in worker.tasks)
        if not busy and file in self._in_one:
            self._waiting.appendleft(self._in_one.pop(file))

    def _forget_parts_of(self, file: str) -> None:
        if self._parts_left.pop(file, None) is not None:
            self._waiting = deque(each for each in self._waiting if each.item.input != file)

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
        self._alive.append(Child(self._number, self._plan, self._program, self._heard))
        self.most_workers = max(self.most_workers, len(self._alive))

    def _room_for(self, first: Ready) -> int:
        """How many workers there are to be at most, now that it is known what one takes."""
        self._plan = replace(self._plan, pinned=first.pinned)
        room = usable_cores() if first.threads else _MOST_ON_ONE_CARD
        room = min(room, 1 + _fitting(int(_ROOM * (first.memory or _USUAL_MEMORY))))
        return room if self._most is None else self._most

    def _after_end_of(self, worker: Child) -> Iterator[DoneRecord]:
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
        self._waiting.extendleft(reversed([task for task in worker.tasks if not self._is_lost(task)]))

    def _lost_while_loading(self, how: str) -> None:
        if not self._alive:
            raise EngineError("a worker ends before it has loaded the network", how, "try another --backend")
        _log.warning("a worker %s while it loaded; %d work on", how, len(self._alive))
        self._wanted = len(self._alive)

    def _after_end_over(self, task: Task, how: str) -> Iterator[DoneRecord]:
        folder = staged.staged_folder(self._place, task.item.input)
        if staged.is_whole(folder):
            yield staged.land(self._place, folder)
            return
        if self._is_lost(task):
            self._begin_in_one(task.item.input)
            return
        key = (task.item.input, task.part)
        self._ended_over[key] += 1
        if self._ended_over[key] == 1:
            _log.warning("%s: the worker %s; it is tried once more", task.item.input, how)
            self._waiting.appendleft(task)
            return
        self._forget_parts_of(task.item.input)
        reason = f"two workers were lost over it, the second {how}: it is set aside"
        yield DoneRecord(
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
        return identity_of(item.input)
    except SourceError:
        return None

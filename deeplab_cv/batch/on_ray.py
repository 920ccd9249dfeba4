"""The same work on a Ray cluster: each actor holds the network, and Ray hands it one file after another.

Who schedules, waits and starts anew what was lost is Ray. What came of each file is a row that comes back, and the
truth about what is done are the job's own records, since Ray may run a task twice.
"""

import importlib
import logging
import os
import pickle
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from deeplab_cv.batch import staged
from deeplab_cv.batch.places import Place, place_of
from deeplab_cv.batch.remote_place import RemotePlace
from deeplab_cv.batch.work import DoneRecord, Plan, Task
from deeplab_cv.batch.worker import Worker
from deeplab_cv.batch.worker_process import Ready
from deeplab_cv.errors import EngineError, UsageError
from deeplab_cv.machine.files import nothing
from deeplab_cv.machine.installed import how_to_install
from deeplab_cv.machine.memory import own_memory
from deeplab_cv.machine.processor import count_on

_STARTS = 2
"""A file is begun so often at most, see `Place.note_try`."""

_ANSWERS_WITHIN_S = 10.0
"""A cluster that is there is reached by then; Ray itself knocks for five minutes."""

_FOUND_BY_RAY = ("auto", "local")
"""Addresses that name no host."""


class Actor:
    """A worker inside one of Ray's actors: called with a batch of rows, each with a task."""

    def __init__(self, plan: Plan) -> None:
        """Load the network and prove its engine. Raises UserError."""
        count_on(plan.cores)
        self._plan = plan
        self._place = place_of(plan.folder)
        self._place.prepare()
        self._worker = Worker(plan)

    def __call__(self, rows: dict[str, Any]) -> dict[str, list[bytes]]:
        """What came of each task."""
        return {"record": [pickle.dumps(self._work_on(pickle.loads(task))) for task in rows["task"]]}

    def _work_on(self, task: Task) -> DoneRecord:
        folder = staged.staged_folder(self._place, task.item.input)
        if staged.is_whole(folder):
            return staged.land(self._place, folder)
        if self._place.note_try(folder.name) > _STARTS:
            reason = "two actors were lost over it: it is set aside"
            record = DoneRecord(task.item.input, task.item.name, identity=None, settings=self._plan.settings_hash)
            outcome: Any = replace(record, stage="worker", reason=reason)
        else:
            # Ray watches its actors itself.
            outcome = self._worker.work_on(task, nothing)
        self._place.forget_tries(folder.name)
        if isinstance(self._place, RemotePlace):
            # Whoever notes what was done cannot reach this node's disk.
            staged.discard_folder(folder)
        assert isinstance(outcome, DoneRecord)
        return outcome


class RayPool:
    """Actors on a cluster for the files of one job; as `Pool` is for the processes of one machine.

    Attributes:
        most_workers: how many actors there may be at once.
        ready: the engine and the graph that all of them take; None until they are chosen.
    """

    def __init__(
        self,
        plan: Plan,
        place: Place,
        *,
        address: str,
        actors: int | None,
        resources: dict[str, float],
        actor: type[Actor] = Actor,
        on_ready: Callable[[Ready], None],
    ) -> None:
        """Nothing is started yet.

        Args:
            plan: what is done to every file.
            place: where outputs go, for every node the same.
            address: of the cluster; empty for one that is started here.
            actors: how many at most; without it as many as the cluster has room for.
            resources: what each takes: `num_cpus`, `num_gpus`.
            actor: what each is.
            on_ready: called with the engine and the graph once they are chosen, before anything is made.
        """
        self.most_workers = 0
        self.ready: Ready | None = None
        self._plan = plan
        self._place = place
        self._address = address
        self._actors = actors
        self._resources = resources
        self._actor = actor
        self._on_ready = on_ready

    def work_on(self, tasks: Sequence[Task], stop: threading.Event) -> Iterator[DoneRecord]:
        """What comes of each file, as soon as it is known; ends early once `stop` is set.

        Raises:
            UserError: Ray is not installed or not there, or the network or the engine cannot be had.
        """
        if not tasks:
            return
        ray, data = _modules()
        _check_address(self._address)
        self._choose_engine()
        try:
            _connect(ray, self._address)
        except Exception as error:
            cause = " ".join(str(error).split())[:200]
            if not self._address:
                raise UsageError("Ray does not start here", "--ray", "try `ray start --head`", cause=cause) from error
            remedy = "give this machine the cluster's token and versions, see docs/cluster.md"
            raise UsageError("the Ray cluster lets nobody in", self._address, remedy, cause=cause) from error
        try:
            self.most_workers = self._actors or self._room(ray)
            yield from self._records(data, tasks, stop)
        finally:
            ray.shutdown()

    def _records(self, data: Any, tasks: Sequence[Task], stop: threading.Event) -> Iterator[DoneRecord]:
        context = data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        rows = data.from_items(
            [{"task": pickle.dumps(replace(task, cuttable=False))} for task in tasks],
            override_num_blocks=min(len(tasks), max(200, 4 * self.most_workers)),
        )
        # Ray Data starts an actor that is lost anew, and its task again, as often as it takes: a file that ends two of
        # them is set aside by the third. From 2.64 on it takes no other numbers.
        done = rows.map_batches(
            self._actor,
            fn_constructor_args=(self._plan,),
            batch_size=1,
            compute=data.ActorPoolStrategy(min_size=1, max_size=min(self.most_workers, len(tasks))),
            **self._resources,
        )
        for row in done.iter_rows():
            yield pickle.loads(row["record"])
            if stop.is_set():
                return

    def _choose_engine(self) -> None:
        """Once a job, here: so that every actor computes alike."""
        count_on(self._plan.cores)
        worker = Worker(self._plan)
        self.ready = Ready(worker.pinned, worker.engine_name, threads=worker.threads, memory=own_memory())
        self._plan = replace(self._plan, pinned=worker.pinned)
        worker.close()
        self._on_ready(self.ready)

    def _room(self, ray: Any) -> int:
        there = ray.cluster_resources()
        rooms = [int(there.get("CPU", 1) // self._resources.get("num_cpus", 1))]
        if gpus := self._resources.get("num_gpus"):
            rooms.append(int(there.get("GPU", 0) // gpus))
        if min(rooms) < 1:
            wanted = " ".join(f"{name}={value:g}" for name, value in self._resources.items())
            raise EngineError("the cluster has no room for an actor", wanted, "ask for less with --ray-resources")
        return min(rooms)


def parse_resources(text: str) -> dict[str, float]:
    """`cpus=2,gpus=0.5` -> what Ray's options are called. Raises UsageError."""
    found = {}
    for part in filter(None, text.split(",")):
        name, _, number = part.partition("=")
        try:
            found[{"cpus": "num_cpus", "gpus": "num_gpus"}[name.strip()]] = float(number)
        except (KeyError, ValueError) as error:
            raise UsageError(
                "what an actor takes is not understood", part, "write cpus=2 or cpus=1,gpus=0.5"
            ) from error
    return {"num_cpus": 1.0} | found


def _modules() -> tuple[Any, Any]:
    # Before the first import, which reads it.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        return importlib.import_module("ray"), importlib.import_module("ray.data")
    except ImportError as error:
        raise UsageError("Ray is not installed", error, how_to_install("ray")) from error


def _check_address(address: str) -> None:
    """Raises UsageError where an address is none, or nobody listens there."""
    if not address or address in _FOUND_BY_RAY or ("://" in address and not address.startswith("ray://")):
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 1 << 16:
        remedy = "write HOST:PORT, as `ray start --head` shows it"
        raise UsageError("this is no address of a Ray cluster", f"--ray {address}", remedy)
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWERS_WITHIN_S).close()
    except (OSError, UnicodeError) as error:
        remedy = "start one with `ray start --head`, or leave out the address"
        raise UsageError("no Ray cluster answers", f"--ray {address}", remedy, cause=str(error)) from error


def _connect(ray: Any, address: str) -> None:
    # How far the job is, is said elsewhere.
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if address:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    else:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")

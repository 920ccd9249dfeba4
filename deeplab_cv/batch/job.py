"""A batch job: what is to be done and what was done before, the records as they come, and what is left of it all."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from types import TracebackType
from typing import Any

from typing_extensions import Self

from deeplab_cv.batch import staged
from deeplab_cv.batch.child import PROGRAM
from deeplab_cv.batch.inputs import find_inputs
from deeplab_cv.batch.on_ray import Actor, RayPool
from deeplab_cv.batch.places import Place, place_of
from deeplab_cv.batch.pool import PATIENCE_S, Pool, known_identity, workers_at_first
from deeplab_cv.batch.records import Records
from deeplab_cv.batch.remote import is_remote
from deeplab_cv.batch.tables import check_parquet
from deeplab_cv.batch.work import DoneRecord, Item, Plan, Task
from deeplab_cv.batch.worker import output_path
from deeplab_cv.batch.worker_process import Ready
from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.machine.locks import locked_elsewhere
from deeplab_cv.machine.processor import usable_cores
from deeplab_cv.segmentation.network_engines import Pinned
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.statistics import csv_line

_FACTS = "job.json"
_FAILURES = "failures.csv"
_SUMMARY = "summary.json"
_LOCK = ".lock"


@dataclass(frozen=True)
class OnRay:
    """A Ray cluster.

    Attributes:
        address: where it is; empty for one that is started here.
        resources: what each actor takes, as Ray calls it.
        actor: what each actor is.
    """

    address: str
    resources: dict[str, float]
    actor: type[Actor] = Actor


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a job is run; it makes no difference to what comes out.

    Attributes:
        again: do everything anew.
        retry_failed: try what failed before once more.
        workers: how many processes; None for as many as the machine has room for.
        patience_s: how long a worker may be silent over one frame.
        program: what starts a worker.
        ray: the cluster that works in the place of this machine's processes; None for these.
    """

    again: bool = False
    retry_failed: bool = False
    workers: int | None = None
    patience_s: float = PATIENCE_S
    program: Sequence[str] = PROGRAM
    ray: OnRay | None = None


class BatchJob:
    """One run of a job; a context manager that holds the job's folder for itself.

    Attributes:
        total: how many files the job has.
        to_do: how many of them are neither whole nor failed already, as far as was told before.
        failed: how many have failed, now or before.
    """

    def __init__(self, plan: Plan, words: Sequence[str], options: RunOptions) -> None:
        """See what is to be done, and finish what a killed run had whole.

        Raises:
            UserError: an input is not there, the folder cannot be written to, or holds the outputs of other settings.
        """
        if "stats" in plan.forms:
            check_parquet()
        self._options = options
        self._place = place_of(plan.folder)
        if not is_remote(plan.folder):
            # Workers of other machines have another working folder.
            plan = replace(plan, folder=str(self._place.local))
        with contextlib.ExitStack() as opened:
            self._place.prepare()
            opened.enter_context(_alone_in(self._place))
            self._plan = _as_before(plan, self._place, options)
            self._records = Records(self._place)
            opened.callback(self._records.close)
            if options.again:
                self._records.begin_anew()
            landed = list(self._landed())
            names = {record.input: record.name for record in self._records.all}
            self._inputs = find_inputs(words, self._place.local, names)
            self._unreadable = [
                DoneRecord(file, "", None, self._plan.settings_hash, stage="find", reason=reason)
                for file, reason in self._inputs.unreadable
            ]
            unheard_of = [record for record in self._unreadable if record != self._records.of(record.input)]
            for record in unheard_of:
                self._records.add(record)
            self._known = [*landed, *unheard_of]
            self._tasks = list(self._what_is_to_be_done())
            self._opened = opened.pop_all()
        self.total = len(self._inputs.items) + len(self._unreadable)
        self.to_do = len(self._known) + len(self._tasks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()
        # What is in it is needed by the next run.
        with contextlib.suppress(OSError):
            self._place.staging.rmdir()

    @property
    def failed(self) -> int:
        """How many files have failed, now or before."""
        return sum(record.failed for record in self._of_this_job)

    def run(self, stop: threading.Event) -> Iterator[DoneRecord]:
        """Do what is to be done; yields what comes of each file, once it is noted. Ends early once `stop` is set.

        Raises:
            UserError: the network or the engine cannot be had, the disk is full, or no worker stays alive.
        """
        began_s = time.monotonic()
        pool = self._pool()
        now: list[DoneRecord] = []
        try:
            yield from self._known
            for record in pool.work_on(self._tasks, stop):
                if not now and pool.ready is not None:
                    self._note_engine(pool.ready)
                self._records.add(record)
                staged.discard_folder(staged.staged_folder(self._place, record.input))
                now.append(record)
                yield record
        finally:
            self._write_what_is_left(now, pool, time.monotonic() - began_s)

    def _pool(self) -> Pool | RayPool:
        options, ray = self._options, self._options.ray
        if ray is None:
            return Pool(
                self._plan,
                self._place,
                most=options.workers,
                program=options.program,
                patience_s=options.patience_s,
            )
        return RayPool(
            self._plan,
            self._place,
            address=ray.address,
            actors=options.workers,
            resources=ray.resources,
            actor=ray.actor,
        )

    @property
    def summary(self) -> dict[str, Any]:
        """What `summary.json` says. Raises SinkError."""
        text = self._place.read(_SUMMARY)
        return {} if text is None else dict(json.loads(text))

    def _write_what_is_left(self, now: Sequence[DoneRecord], pool: Pool | RayPool, seconds: float) -> None:
        whole = sum(not record.failed for record in self._of_this_job)
        frames = sum(record.frames for record in now)
        summary = {
            "files": self.total,
            "whole": whole,
            "failed": self.failed,
            "left": self.total - whole - self.failed,
            "neither_picture_nor_video": self._inputs.others,
            "this_run": {
                "files": len(now),
                "frames": frames,
                "seconds": round(seconds, 1),
                "files_per_second": round(len(now) / seconds, 2) if seconds else None,
                "frames_per_second": round(frames / seconds, 2) if seconds else None,
                "workers": pool.most_workers,
            },
            "engine": self._facts().get("engine"),
        }
        self._place.write(_FAILURES, _failures_csv(self._of_this_job))
        self._place.write(_SUMMARY, (json.dumps(summary, indent=1) + "\n").encode())

    def _landed(self) -> Iterator[DoneRecord]:
        """What a killed run had whole, noted now; it may have been killed after it was noted."""
        for record in staged.land_what_is_left(self._place):
            if record != self._records.of(record.input):
                self._records.add(record)
                yield record

    @property
    def _of_this_job(self) -> list[DoneRecord]:
        files = [item.input for item in self._inputs.items] + [record.input for record in self._unreadable]
        return [record for file in files if (record := self._records.of(file)) is not None]

    def _what_is_to_be_done(self) -> Iterator[Task]:
        for item in self._inputs.items:
            record = self._records.of(item.input)
            if record is not None and self._stands(record, item):
                continue
            paths = [output_path(item, form, self._plan) for form in self._plan.forms]
            yield Task(item, tuple(path for path in paths if path in self._records.own))

    def _stands(self, record: DoneRecord, item: Item) -> bool:
        """Nothing is to be done for a file: it is whole, or failed and is not to be tried again."""
        if record.settings != self._plan.settings_hash or record.identity != known_identity(item):
            return False
        if record.failed:
            return not self._options.retry_failed
        return all(self._place.holds(output) for output in record.outputs)

    def _note_engine(self, ready: Ready) -> None:
        facts = {
            "settings": self._plan.settings,
            "settings_hash": self._plan.settings_hash,
            "cores": self._plan.cores,
            "pinned": asdict(ready.pinned),
            "engine": ready.engine_name,
            "threads": ready.threads,
        }
        self._place.write(_FACTS, (json.dumps(facts, indent=1) + "\n").encode())

    def _facts(self) -> dict[str, Any]:
        return _facts_of(self._place)


def _as_before(plan: Plan, place: Place, options: RunOptions) -> Plan:
    """The plan with the engine and the cores that an earlier run of the job had, or for the first run with cores.

    Raises UsageError where the folder holds the outputs of other settings.
    """
    facts = _facts_of(place)
    if facts and not options.again:
        if facts["settings_hash"] != plan.settings_hash:
            before = facts["settings"]
            other = ", ".join(key for key, value in plan.settings.items() if before.get(key) != value)
            what = f"the folder holds the outputs of other settings ({other})"
            raise UsageError(what, place.text, "name another --to, or do everything anew with --again")
        return replace(plan, cores=facts["cores"], pinned=Pinned(**facts["pinned"]))
    if options.ray is not None:
        return replace(plan, cores=max(1, int(options.ray.resources["num_cpus"])))
    workers = options.workers or workers_at_first()
    return replace(plan, cores=max(1, usable_cores() // workers))


def _facts_of(place: Place) -> dict[str, Any]:
    text = place.read(_FACTS)
    try:
        return {} if text is None else dict(json.loads(text))
    except ValueError as error:
        raise SinkError("cannot read what an earlier run noted", f"{place.text}/{_FACTS}", "delete it") from error


@contextlib.contextmanager
def _alone_in(place: Place) -> Iterator[None]:
    """Hold the folder of a job while the block runs. Raises UsageError where another run holds it."""
    lock = place.local / _LOCK
    try:
        lock.touch()
    except OSError as error:
        raise cannot_write(lock, error) from error
    with locked_elsewhere(lock) as locked:
        if locked:
            raise UsageError("another run is at work in this folder", place.text, "wait for it, or name another --to")
        yield


def _failures_csv(records: Sequence[DoneRecord]) -> bytes:
    """The failed files as a table: file, stage, reason."""
    rows = [(record.input, record.stage, record.reason) for record in records if record.failed]
    # Names from a disk may be no text at all.
    return "".join(map(csv_line, [("file", "stage", "reason"), *rows])).encode(errors="backslashreplace")

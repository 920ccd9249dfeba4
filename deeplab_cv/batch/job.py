"""A batch job: what is to be done and what was done before, the records as they come, and what is left of it all."""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

from typing_extensions import Self

from deeplab_cv.batch import staged
from deeplab_cv.batch.facts import NAME as FACTS
from deeplab_cv.batch.facts import facts_of, read_facts, write_facts
from deeplab_cv.batch.inputs import find_inputs
from deeplab_cv.batch.naming import Names
from deeplab_cv.batch.on_ray import RayPool
from deeplab_cv.batch.places import Place, place_of
from deeplab_cv.batch.pool import Pool, known_identity, workers_at_first
from deeplab_cv.batch.records import NAME as JOURNAL
from deeplab_cv.batch.records import Records
from deeplab_cv.batch.remote import is_remote
from deeplab_cv.batch.run_options import RunOptions
from deeplab_cv.batch.tables import check_parquet
from deeplab_cv.batch.work import DoneRecord, Item, Plan, Task
from deeplab_cv.batch.worker import output_path
from deeplab_cv.batch.worker_process import Ready
from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.machine.locks import lock_of
from deeplab_cv.machine.processor import usable_cores
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.statistics import csv_line

_log = logging.getLogger(__name__)

_FAILURES = "failures.csv"
_SUMMARY = "summary.json"
_LOCK = ".lock"


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
            _refuse_others_summaries(self._place)
            self._records = Records(self._place)
            opened.callback(self._records.close)
            if options.again:
                self._records.begin_anew()
            landed = list(self._landed())
            names = Names(before=self._records.names, own=self._records.own, outputs_of=self._outputs_of)
            self._inputs = find_inputs(words, self._place.own_folders, names)
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
        self._place.ask_once_after(stop)
        pool = self._pool()
        now: list[DoneRecord] = []
        try:
            yield from self._known
            for record in pool.work_on(self._tasks, stop):
                self._records.add(record)
                staged.discard_folder(staged.staged_folder(self._place, record.input))
                now.append(record)
                yield record
        finally:
            self._write_what_is_left(now, pool, time.monotonic() - began_s)

    def _note_engine(self, ready: Ready) -> None:
        # Before anything is made: what a killed run leaves of a long video is joined with what the next one makes.
        write_facts(self._place, facts_of(self._plan, ready))

    def _pool(self) -> Pool | RayPool:
        options, ray = self._options, self._options.ray
        if ray is None:
            return Pool(
                self._plan,
                self._place,
                most=options.workers,
                program=options.program,
                patience_s=options.patience_s,
                on_ready=self._note_engine,
            )
        return RayPool(
            self._plan,
            self._place,
            address=ray.address,
            actors=options.workers,
            resources=ray.resources,
            actor=ray.actor,
            on_ready=self._note_engine,
        )

    @property
    def summary(self) -> dict[str, Any]:
        """What `summary.json` says. Raises SinkError."""
        text = self._place.read(_SUMMARY)
        return {} if text is None else dict(json.loads(text))

    def _write_what_is_left(self, now: Sequence[DoneRecord], pool: Pool | RayPool, seconds: float) -> None:
        whole = sum(not record.failed for record in self._of_this_job)
        frames = sum(record.frames for record in now)
        facts = read_facts(self._place)
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
            "engine": None if facts is None else facts.engine,
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
            yield Task(item, tuple(path for path in self._outputs_of(item) if path in self._records.own))

    def _outputs_of(self, item: Item) -> list[str]:
        return [output_path(item, form, self._plan) for form in self._plan.forms]

    def _stands(self, record: DoneRecord, item: Item) -> bool:
        """Nothing is to be done for a file: it is whole, or failed and is not to be tried again."""
        if record.settings != self._plan.settings_hash or record.name != item.name:
            return False
        if record.identity != known_identity(item):
            return False
        if record.failed:
            return not self._options.retry_failed
        return all(self._place.holds(output) for output in record.outputs)


def records(plan: Plan, words: Sequence[str], options: RunOptions) -> Generator[DoneRecord, None, None]:
    """A job from its beginning to its end, or until the generator is closed; yields what comes of each file.

    Raises:
        UserError: as `BatchJob` and its `run`.
    """
    with BatchJob(plan, words, options) as job:
        yield from job.run(threading.Event())


def _as_before(plan: Plan, place: Place, options: RunOptions) -> Plan:
    """The plan with the engine and the cores that an earlier run of the job had, or for the first run with cores.

    Raises UsageError where the folder holds the outputs of other settings.
    """
    facts = read_facts(place)
    if facts is not None and not options.again:
        if facts.settings_hash == plan.settings_hash:
            return replace(plan, cores=facts.cores, pinned=facts.pinned)
        # Where nothing was made yet, nothing binds.
        if place.read(JOURNAL):
            other = ", ".join(key for key, value in plan.settings.items() if facts.settings.get(key) != value)
            what = f"the folder holds the outputs of other settings ({other})"
            raise UsageError(what, place.text, "name another --to, or do everything anew with --again")
    if options.ray is not None:
        return replace(plan, cores=max(1, int(options.ray.resources["num_cpus"])))
    workers = options.workers or workers_at_first()
    return replace(plan, cores=max(1, usable_cores() // workers))


def _refuse_others_summaries(place: Place) -> None:
    """Raises SinkError where a folder in which no job was at work has files of the names that a job writes."""
    if place.read(JOURNAL) is not None or place.read(FACTS) is not None:
        return
    for name in (_FAILURES, _SUMMARY):
        if place.read(name) is not None:
            what = "this was here before, and not by this job"
            raise SinkError(what, f"{place.text}/{name}", "move it, or name another --to")


@contextlib.contextmanager
def _alone_in(place: Place) -> Iterator[None]:
    """Hold the folder of a job while the block runs, where its disk has locks.

    Raises UsageError where another run holds it.
    """
    lock = place.local / _LOCK
    try:
        lock.touch()
    except OSError as error:
        raise cannot_write(lock, error) from error
    # On Windows it is being open that holds it.
    with lock_of(lock) as locked, contextlib.nullcontext() if locked else lock.open("ab"):
        if locked:
            raise UsageError("another run is at work in this folder", place.text, "wait for it, or name another --to")
        if locked is None:
            _log.warning("%s: the disk has no locks; see that no other run works in this folder", place.text)
        yield


def _failures_csv(records: Sequence[DoneRecord]) -> bytes:
    """The failed files as a table: file, stage, reason."""
    rows = [(record.input, record.stage, record.reason) for record in records if record.failed]
    # Names from a disk may be no text at all.
    return "".join(map(csv_line, [("file", "stage", "reason"), *rows])).encode(errors="backslashreplace")

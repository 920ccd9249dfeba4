"""The done-records of a job: one line for each file that is whole or has failed, written when that is so."""

import json
import logging
import os
import time
from dataclasses import asdict
from typing import Any

from deeplab_cv.batch.places import Place
from deeplab_cv.batch.work import DoneRecord, Identity, Output
from deeplab_cv.errors import SinkError
from deeplab_cv.sinks.landing import cannot_write

_log = logging.getLogger(__name__)

NAME = "done.jsonl"

_POWER_CUT_COSTS_S = 1.0
"""At most so much of what is noted is not on the disk yet."""

_ANEW = {"anew": True}
"""The line from which on everything is done anew; what stands before it only says which outputs are the job's own."""


class Records:
    """What is known of the files of a job, in memory and in its `done.jsonl`; the last line of a file holds.

    Attributes:
        own: the outputs that this job has made, by their paths: it may replace them.
        names: file -> the name that it had last, also of what is to be done anew.
    """

    def __init__(self, place: Place) -> None:
        """Read what earlier runs noted.

        A line that a killed run did not finish is cut off, and a damaged one is passed over.

        Raises SinkError where nothing in it is a record, or it cannot be read or written.
        """
        self._place = place
        self._by_input: dict[str, DoneRecord] = {}
        self.own: set[str] = set()
        self.names: dict[str, str] = {}
        path = place.journal(NAME)
        try:
            data = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise SinkError("cannot read what an earlier run noted", path, str(error.strerror)) from error
        whole = data[: data.rfind(b"\n") + 1]
        damaged = 0
        for text in whole.splitlines():
            try:
                self._take(json.loads(text))
            except (ValueError, SinkError):
                damaged += 1
        if damaged and not self._by_input:
            raise SinkError("this is no record of a batch job", path, "name another --to, or delete it")
        if damaged:
            _log.warning("%d damaged lines of %s are passed over: their files are worked on again", damaged, path)
        try:
            self._file = path.open("ab")
            self._file.truncate(len(whole))
        except OSError as error:
            raise cannot_write(path, error) from error
        self._on_disk_s = time.monotonic()

    def _take(self, line: object) -> None:
        """A line that an earlier run wrote. Raises SinkError where it is none."""
        if line == _ANEW:
            self._by_input.clear()
            return
        self._keep(record_of(line))

    def _keep(self, record: DoneRecord) -> None:
        self._by_input[record.input] = record
        self.names[record.input] = record.name
        self.own.update(output.path for output in record.outputs)

    def of(self, file: str) -> DoneRecord | None:
        """What came of a file; None where it was not worked on."""
        return self._by_input.get(file)

    def add(self, record: DoneRecord) -> None:
        """Note what came of a file, once its outputs have their place. Raises SinkError."""
        self._keep(record)
        self._write(line_of(record))

    def begin_anew(self) -> None:
        """Forget what was done. Raises SinkError."""
        self._by_input.clear()
        self._write(_ANEW)

    def close(self) -> None:
        """Bring all lines to the disk, and to where they belong. Raises SinkError."""
        os.fsync(self._file.fileno())
        self._file.close()
        self._place.publish(NAME, now=True)

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(line).encode() + b"\n")
            self._file.flush()
            if time.monotonic() - self._on_disk_s >= _POWER_CUT_COSTS_S:
                os.fsync(self._file.fileno())
                self._on_disk_s = time.monotonic()
        except OSError as error:
            raise cannot_write(self._place.local / NAME, error) from error
        self._place.publish(NAME)


def line_of(record: DoneRecord) -> dict[str, Any]:
    """A record as plain values; what is empty is left out."""
    return {key: value for key, value in asdict(record).items() if value not in ("", (), None)}


def record_of(line: Any) -> DoneRecord:
    """A record made again from `line_of`. Raises SinkError where the line is none."""
    try:
        identity = line.get("identity")
        return DoneRecord(
            **{key: value for key, value in line.items() if key not in ("identity", "outputs")},
            identity=None if identity is None else Identity(**identity),
            outputs=tuple(Output(**output) for output in line.get("outputs", ())),
        )
    except (TypeError, AttributeError) as error:
        raise SinkError("this is no record of a batch job", str(line)[:80], f"delete {NAME}") from error

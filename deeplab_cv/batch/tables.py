"""Parquet: lists of files read, and the share of each class in each frame written; the only file that needs pyarrow."""

import importlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deeplab_cv.errors import UsageError
from deeplab_cv.frames.areas import class_areas
from deeplab_cv.frames.frame import Painted
from deeplab_cv.machine.installed import how_to_install
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.sink import Written

_FRAMES_AT_ONCE = 1000


def check_parquet() -> None:
    """See that Parquet can be written. Raises UsageError, saying what to install."""
    _pyarrow()


def _pyarrow() -> tuple[Any, Any]:
    """The modules pyarrow and pyarrow.parquet. Raises UsageError where they are missing."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError("pyarrow, which Parquet needs, is not installed", error, how_to_install("batch")) from error


def paths_in_parquet(file: Path, columns: Sequence[str]) -> list[str]:
    """The first of these columns of a Parquet file, else its first one, as text.

    Raises UsageError where pyarrow is missing, OSError or ValueError where the file cannot be read.
    """
    _, parquet = _pyarrow()
    # Every error of Arrow's is one of Python's own, mostly a ValueError or an OSError.
    opened = parquet.ParquetFile(file)
    names = opened.schema_arrow.names
    lower = [name.lower() for name in names]
    column = next((names[lower.index(name)] for name in columns if name in lower), names[0] if names else None)
    if column is None:
        raise ValueError("it has no column")
    values = opened.read(columns=[column]).column(0).to_pylist()
    return [os.fsdecode(value) if isinstance(value, bytes) else str(value) for value in values if value is not None]


def join_tables(file: Path, parts: Sequence[Path]) -> None:
    """Write the rows of several tables that ParquetSink wrote, one after another. Raises SinkError."""
    _, parquet = _pyarrow()
    try:
        with parquet.ParquetWriter(file, parquet.read_schema(parts[0])) as writer:
            for part in parts:
                opened = parquet.ParquetFile(part)
                for number in range(opened.num_row_groups):
                    writer.write_table(opened.read_row_group(number))
    except OSError as error:
        raise cannot_write(file, error) from error


class ParquetSink:
    """The share of each class that a frame shows: columns file, frame, time, class, share; a row for each class."""

    needs_picture = False

    def __init__(self, path: Path, name: str, *, has_time: bool) -> None:
        """Nothing is written yet.

        Args:
            path: the file.
            name: what the column `file` says.
            has_time: the frames are a video's; a picture's time is empty.
        """
        self._path = path
        # Names from a disk may be no text at all.
        self._name = name.encode(errors="backslashreplace").decode()
        self._has_time = has_time
        self._writer: Any = None
        self._rows: list[tuple[int, float | None, str, float]] = []
        self._waiting = 0
        self._count = 0

    def write(self, painted: Painted) -> None:
        """Add the frame's rows. Raises SinkError."""
        areas = class_areas(painted.labels, len(painted.class_names))
        time_s = float(painted.frame.time_s) if self._has_time else None
        frame = painted.frame.index if self._has_time else 0
        for label in areas.nonzero()[0]:
            self._rows.append((frame, time_s, painted.class_names[label], int(areas[label]) / painted.labels.size))
        self._count += 1
        self._waiting += 1
        if self._waiting >= _FRAMES_AT_ONCE:
            self._flush()

    def finish(self) -> Written:
        """Write what is left, and the end of the file. Raises SinkError."""
        self._flush()
        try:
            self._writer.close()
        except OSError as error:
            raise cannot_write(self._path, error) from error
        return Written(self._path, self._count)

    def abandon(self) -> Written | None:
        """Nothing is kept: a Parquet file without its end cannot be read."""
        if self._writer is not None:
            self._writer.close()
        self._path.unlink(missing_ok=True)
        return None

    def _flush(self) -> None:
        arrow, parquet = _pyarrow()
        frames, times, classes, shares = zip(*self._rows, strict=True) if self._rows else ((), (), (), ())
        words = arrow.dictionary(arrow.int32(), arrow.string())
        table = arrow.table(
            {
                "file": arrow.array([self._name] * len(frames), arrow.string()).dictionary_encode(),
                "frame": arrow.array(frames, arrow.int64()),
                "time": arrow.array(times, arrow.float64()),
                "class": arrow.array(classes, arrow.string()).dictionary_encode(),
                "share": arrow.array(shares, arrow.float64()),
            },
            schema=arrow.schema(
                [
                    ("file", words),
                    ("frame", arrow.int64()),
                    ("time", arrow.float64()),
                    ("class", words),
                    ("share", arrow.float64()),
                ]
            ),
        )
        try:
            if self._writer is None:
                self._writer = parquet.ParquetWriter(self._path, table.schema)
            self._writer.write_table(table)
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self._rows.clear()
        self._waiting = 0

"""The area of each class in each frame, as CSV or JSON lines."""

import csv
import io
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from deeplab_cv.errors import as_typed
from deeplab_cv.frames.areas import class_areas
from deeplab_cv.frames.frame import Painted
from deeplab_cv.machine.files import Draft
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.options import StatsForm
from deeplab_cv.sinks.sink import Written, saying_what_is_kept

_log = logging.getLogger(__name__)

STATISTICS_EXTENSIONS = (".csv", ".jsonl")

_LONG = ("frame", "time_s", "name", "class", "pixels", "share")
"""The columns of the long form."""

_BEGINS_A_FORMULA = ("=", "+", "-", "@")


class StatisticsSink:
    """One line for each frame; what is written is on the disk before the next frame comes.

    CSV: columns frame, time_s, name, then CLASS_pixels and CLASS_share for each class of the first frame's network;
    cells are empty where a frame's own network does not know the class.
    JSON lines: {"frame", "time_s", "name", "pixels": {class: count}, "share": {class: 0..1}}, all classes in both.
    The long form has a line for each frame and class instead: frame, time_s, name, class, pixels, share.
    """

    needs_picture = False

    def __init__(self, path: Path, form: StatsForm = "wide") -> None:
        """Nothing is written yet; the extension of the path decides between CSV and JSON lines."""
        self._path = path
        self._is_long = form == "long"
        self._as_csv = path.suffix.lower() == ".csv"
        self._draft: Draft | None = None
        self._columns: tuple[str, ...] = ()
        self._left_out: frozenset[str] = frozenset()
        self._count = 0

    def write(self, painted: Painted) -> None:
        """Add the frame's line. Raises SinkError where it cannot be written; the lines before it stay."""
        self._columns = self._columns or painted.class_names
        if self._as_csv and not self._is_long:
            self._tell_of_left_out(painted.class_names)
        text = self._lines(painted)
        try:
            if self._draft is None:
                self._draft = Draft(self._path)
                if self._as_csv:
                    text = csv_line(self._csv_header()) + text
            _append(self._draft.descriptor, text.encode())
            self._count += 1
            self._draft.keep_on_disk()
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def finish(self) -> Written:
        """Give the file its name. Raises SinkError where that fails, saying what is kept."""
        if self._draft is None:
            return Written(self._path, 0)
        try:
            self._draft.land()
        except OSError as error:
            raise saying_what_is_kept(cannot_write(self._path, error), self.abandon()) from error
        return Written(self._path, self._count)

    def abandon(self) -> Written | None:
        """Keep the lines written so far as NAME.partial.EXT."""
        if self._draft is None:
            return None
        if self._count == 0:
            self._draft.discard()
            return None
        kept = self._draft.keep()
        return Written(kept, self._count, whole=False) if kept else None

    def _lines(self, painted: Painted) -> str:
        frame = painted.frame
        pixels = class_areas(painted.labels, len(painted.class_names)).tolist()
        shares = [round(count / painted.labels.size, 6) for count in pixels]
        time_s = round(float(frame.time_s), 6)
        # Names from a disk may be no text at all.
        name = frame.name.encode(errors="backslashreplace").decode()
        if self._is_long:
            rows = [
                (frame.index, time_s, name, *area) for area in zip(painted.class_names, pixels, shares, strict=True)
            ]
            if self._as_csv:
                return "".join(map(csv_line, rows))
            return "".join(json.dumps(dict(zip(_LONG, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)
        if self._as_csv:
            known = dict(zip(painted.class_names, zip(pixels, shares, strict=True), strict=True))
            areas = [figure for column in self._columns for figure in known.get(column, ("", ""))]
            return csv_line([frame.index, time_s, name, *areas])
        names = painted.class_names
        line = {
            "frame": frame.index,
            "time_s": time_s,
            "name": name,
            "pixels": dict(zip(names, pixels, strict=True)),
            "share": dict(zip(names, shares, strict=True)),
        }
        return json.dumps(line, ensure_ascii=False) + "\n"

    def _tell_of_left_out(self, class_names: tuple[str, ...]) -> None:
        """Say once of each class that it has no column, since another network was switched in."""
        new = [name for name in class_names if name not in self._columns and name not in self._left_out]
        if new:
            self._left_out |= frozenset(new)
            names = ", ".join(as_typed(name) for name in new)
            _log.warning("%s: no column for %s of another network; a .jsonl holds them", as_typed(self._path), names)

    def _csv_header(self) -> Sequence[str]:
        if self._is_long:
            return _LONG
        areas = [f"{name}_{figure}" for name in self._columns for figure in ("pixels", "share")]
        return ["frame", "time_s", "name", *areas]


def cut_to_whole_lines(path: Path) -> int:
    """Cut off what a killed run began to write of a next line; returns for how many frames there are lines.

    A file that cannot be read counts as empty.
    """
    try:
        with path.open("rb+") as file:
            data = file.read()
            end = data.rfind(b"\n") + 1
            file.truncate(end)
    except OSError:
        return 0
    lines = data[:end].splitlines()[1 if path.suffix.lower() == ".csv" else 0 :]
    # The long form has several lines for a frame, each of which begins with its number.
    return len({line.partition(b",")[0] for line in lines})


def _append(descriptor: int, data: bytes) -> None:
    """Write all of the data, or nothing where the disk has room for a part only. Raises OSError."""
    before = os.lseek(descriptor, 0, os.SEEK_END)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        os.ftruncate(descriptor, before)
        raise


def csv_line(cells: Sequence[object]) -> str:
    """One line of a table; text with an apostrophe before what spreadsheets would take for a formula."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([_as_text(cell) for cell in cells])
    return line.getvalue()


def _as_text(cell: object) -> object:
    """The cell on one line; with an apostrophe before what spreadsheets would take for a formula."""
    if not isinstance(cell, str):
        return cell
    written_out = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in cell)
    return f"'{written_out}" if written_out.startswith(_BEGINS_A_FORMULA) else written_out

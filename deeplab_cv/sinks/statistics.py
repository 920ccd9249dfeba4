"""The area of each class in each frame, as CSV or JSON lines."""

import csv
import io
import json
from pathlib import Path

from deeplab_cv.frames.areas import class_areas
from deeplab_cv.frames.frame import Painted
from deeplab_cv.machine.files import discard, partial, unfinished
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.sink import Written

STATISTICS_EXTENSIONS = (".csv", ".jsonl")

_BEGINS_A_FORMULA = ("=", "+", "-", "@")


class StatisticsSink:
    """One line for each frame; what is written is on the disk before the next frame comes.

    CSV: columns frame, time_s, name, then CLASS_pixels and CLASS_share for each class.
    JSON lines: {"frame", "time_s", "name", "pixels": {class: count}, "share": {class: 0..1}}, all classes in both.
    """

    needs_picture = False

    def __init__(self, path: Path) -> None:
        """Nothing is written yet; the extension decides between CSV and JSON lines."""
        self._path = path
        self._temporary = unfinished(path)
        self._as_csv = path.suffix.lower() == ".csv"
        self._file: io.TextIOWrapper | None = None
        self._count = 0

    def write(self, painted: Painted) -> None:
        """Add the frame's line. Raises SinkError where it cannot be written."""
        try:
            if self._file is None:
                self._file = self._temporary.open("w", encoding="utf-8", newline="")
                if self._as_csv:
                    self._file.write(_csv_line(_csv_header(painted.class_names)))
            self._file.write(self._line(painted))
            self._file.flush()
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self._count += 1

    def finish(self) -> Written:
        """Give the file its name. Raises SinkError where that fails."""
        if self._file is None:
            return Written(self._path, 0)
        try:
            self._file.close()
            self._temporary.replace(self._path)
        except OSError as error:
            discard(self._temporary)
            raise cannot_write(self._path, error) from error
        return Written(self._path, self._count)

    def abandon(self) -> Written | None:
        """Keep the lines written so far as NAME.partial.EXT."""
        if self._file is None:
            return None
        kept = partial(self._path)
        try:
            self._file.close()
            self._temporary.replace(kept)
        except OSError:
            discard(self._temporary)
            return None
        return Written(kept, self._count, whole=False)

    def _line(self, painted: Painted) -> str:
        frame = painted.frame
        pixels = class_areas(painted.labels, len(painted.class_names)).tolist()
        shares = [round(count / painted.labels.size, 6) for count in pixels]
        time_s = round(float(frame.time_s), 6)
        # Names from a disk may be no text at all.
        name = frame.name.encode(errors="backslashreplace").decode()
        if self._as_csv:
            areas = [figure for pair in zip(pixels, shares, strict=True) for figure in pair]
            return _csv_line([frame.index, time_s, name, *areas])
        names = painted.class_names
        line = {
            "frame": frame.index,
            "time_s": time_s,
            "name": name,
            "pixels": dict(zip(names, pixels, strict=True)),
            "share": dict(zip(names, shares, strict=True)),
        }
        return json.dumps(line, ensure_ascii=False) + "\n"


def _csv_header(class_names: tuple[str, ...]) -> list[str]:
    areas = [f"{name}_{figure}" for name in class_names for figure in ("pixels", "share")]
    return ["frame", "time_s", "name", *areas]


def _csv_line(cells: list[str] | list[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([_as_text(cell) for cell in cells])
    return line.getvalue()


def _as_text(cell: object) -> object:
    """The cell on one line; with an apostrophe before what spreadsheets would take for a formula."""
    if not isinstance(cell, str):
        return cell
    written_out = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in cell)
    return f"'{written_out}" if written_out.startswith(_BEGINS_A_FORMULA) else written_out

"""A measurement's outcome as a table in the terminal, as JSON, and as Markdown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deeplab_cv.bench import BenchPlan, Cell, Measurement
from deeplab_cv.bench.instruments.machine import machine_facts, settings_facts, versions
from deeplab_cv.bench.instruments.turns import Spread
from deeplab_cv.errors import SinkError
from deeplab_cv.machine.files import whole_file


def print_part(console: Console, part: Measurement) -> None:
    """The part's table and its remarks."""
    console.print(f"\n[bold]{escape(part.name)}[/]: {escape(part.title)}")
    if part.rows:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for heading, cell in part.rows[0].items():
            table.add_column(heading, justify="left" if isinstance(cell, str) else "right")
        for row in part.rows:
            table.add_row(*(escape(text_of(cell)) for cell in row.values()))
        console.print(table)
    for remark in part.remarks:
        console.print(f"  {escape(remark)}", style="dim")


def text_of(cell: Cell) -> str:
    """A cell as a reader wants it; a spread as its median with lowest and highest."""
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.{2 if abs(cell) < 10 else 1 if abs(cell) < 100 else 0}f}"
    return str(cell)


def report_of(parts: Sequence[Measurement], plan: BenchPlan) -> dict[str, Any]:
    """Everything as one dictionary of JSON's own types: machine, versions, settings, parts."""
    return {
        "machine": machine_facts(),
        "versions": versions(),
        "settings": settings_facts(plan),
        "parts": {
            part.name: {
                "title": part.title,
                "rows": [{heading: _plain(cell) for heading, cell in row.items()} for row in part.rows],
                "remarks": list(part.remarks),
            }
            for part in parts
        },
    }


def write_report(file: Path, report: Mapping[str, Any]) -> None:
    """Write a report; the file has its name only when it is whole. Raises SinkError."""
    try:
        with whole_file(file) as temporary:
            temporary.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise SinkError("cannot write the figures", file, "name another file", cause=error.strerror or error) from error


def _plain(cell: Cell) -> Any:
    if isinstance(cell, Spread):
        return {name: round(value, 4) for name, value in asdict(cell).items()}
    return round(cell, 4) if isinstance(cell, float) else cell

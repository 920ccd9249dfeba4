"""Writes the figures of `app.py bench --json` into docs/ and says which targets are met.

Tables go into docs/performance.md and docs/experiments.md, between the comments that name their part; the long one of
the engines is docs/engines.json.

    python app.py bench all --rounds 5 --memory-frames 20000 --json bench.json --plots docs/
    python benchmarks/performance.py bench.json ...

Several files, each with some of the parts or rows, are taken together.
"""

import json
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("performance.md", "experiments.md")
_LINE = 118
USUAL_SCRIPT = "usual script, cv2.dnn"
BY_DEFAULT = "deeplab-cv by default"
ON_OPENCV = "deeplab-cv on cv2.dnn"

Parts = dict[str, dict[str, Any]]
Row = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """What is to be shown, what was seen, and whether that is enough."""

    wish: str
    seen: str
    met: bool


def main() -> None:
    """Fill in the pages; print the targets."""
    reports = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]]
    if not reports:
        sys.exit(__doc__)
    parts = _joined(reports)
    sections = {name: _table(part["rows"]) + _remarks(part["remarks"]) for name, part in parts.items()}
    targets = list(_targets(parts))
    sections["targets"] = _table(
        [{"target": each.wish, "seen": each.seen, "met": "yes" if each.met else "**no**"} for each in targets]
    )
    sections["machine"] = _wrapped(_machine(reports))
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        (DOCS / page).write_text(filled(text, sections), encoding="utf-8")
    if "engines" in parts:
        text = _engines(parts["engines"], _machine(reports))
        (DOCS / "engines.json").write_text(text, encoding="utf-8")
    for each in targets:
        print(f"{'met   ' if each.met else 'MISSED'} {each.wish}: {each.seen}")


def filled(text: str, sections: dict[str, str]) -> str:
    """A page's text, with each section between the comments of its name; sections that it lacks are left out."""
    for name, section in sections.items():
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda match, section=section: f"{match[1]}{section}\n{match[2]}",
            text,
            flags=re.DOTALL,
        )
    return text


def _engines(part: dict[str, Any], machine: str) -> str:
    """JSON with one row a line, so that two versions can be compared."""
    head = json.dumps({"machine": machine, "remarks": part["remarks"]}, indent=1).removesuffix("\n}")
    rows = ",\n".join(f"  {json.dumps(_rounded(row))}" for row in part["rows"])
    return f'{head},\n "rows": [\n{rows}\n ]\n}}\n'


def _rounded(row: Row) -> Row:
    return {
        name: {key: round(value, 2) for key, value in cell.items()}
        if isinstance(cell, dict)
        else round(cell, 2)
        if isinstance(cell, float)
        else cell
        for name, cell in row.items()
    }


def _joined(reports: list[dict[str, Any]]) -> Parts:
    """The parts of all reports; rows of one part from several reports come one after another."""
    parts: Parts = {}
    for report in reports:
        for name, part in report["parts"].items():
            before = parts.get(name, {"rows": []})
            parts[name] = part | {"rows": before["rows"] + part["rows"]}
    return parts


def _targets(parts: Parts) -> Iterator[Target]:
    if "peers" in parts:
        yield from _peer_targets(parts["peers"]["rows"])
    if "end-to-end" in parts:
        rows = parts["end-to-end"]["rows"]
        for row in rows:
            if row["floor : wall"] is not None:
                share = row["floor : wall"]
                yield Target(f"{row['route']}, {row['frame']}: at least 0.9 of the floor", f"{share:.2f}", share >= 0.9)
            elif row["frame"] == "1280x720":
                seen = f"{_median(row, 'frames/s'):.1f} frames/s, {row['processor left']} of the processor left"
                seen = f"{seen}; in the worst of the runs {row['dropped']} dropped"
                met = _median(row, "frames/s") >= 29.5 and row["dropped"] == 0
                yield Target("live, 720p: 30 frames/s (the clip has 29.97)", seen, met)
    if "stages" in parts:
        for row in parts["stages"]["rows"]:
            if row["stage"].startswith("all but infer") and row["frame"] == "1280x720":
                spent_ms = row["processor ms"]
                wish = "720p, file to nothing: all but inference under 8 processor ms"
                yield Target(wish, f"{spent_ms:.1f} ms", spent_ms < 8)
    if "labels" in parts:
        for row in parts["labels"]["rows"]:
            if row["frame"] == "1280x720" and row["classes"] == 21:
                met = row["times faster"] >= 10 and row["identical"] == "yes"
                seen = f"{row['times faster']:.0f} times, identical: {row['identical']}"
                yield Target("labels at 720p: 10 times faster than upsample + argmax, identical", seen, met)
    if "latency" in parts:
        for row in parts["latency"]["rows"]:
            seen = f"median {_median(row, 'latency ms'):.0f}, 19 of 20 below {row['19 of 20 below']:.0f} ms"
            wish = f"latency: one inference + one frame interval + 20 ms = {row['allowed ms']:.0f} ms, not growing"
            steady = row["last quarter - first"] < 5
            yield Target(wish, seen, row["19 of 20 below"] <= row["allowed ms"] and steady)
    if "memory" in parts:
        for row in parts["memory"]["rows"]:
            if not row["engine"].startswith("opencv"):
                seen = f"{row['highest MB']:.0f} MB, grown by {row['growth MB']:.1f} MB in {row['frames']} frames"
                met = row["highest MB"] < 450 and row["growth MB"] < 10
                yield Target(f"memory under 450 MB and flat, {row['engine']}", seen, met)


def _peer_targets(rows: list[Row]) -> Iterator[Target]:
    usual = [row for row in rows if row["program"] == USUAL_SCRIPT]
    default = next(row for row in rows if row["program"] == BY_DEFAULT)
    own_name = default["network"]
    for script in usual:
        if script["network"] != own_name:
            ratio = _median(default, "frames/s") / _median(script, "frames/s")
            wish = "what you get by default: at least 15 times the usual script with its usual network (aim 25)"
            yield Target(wish, f"{ratio:.1f} times; {_less(default, script)}", ratio >= 15)
        same = next(row for row in rows if row["program"] == ON_OPENCV and row["network"] == script["network"])
        ratio = _median(same, "frames/s") / _median(script, "frames/s")
        wish = f"same network ({script['network']}), same engine (OpenCV DNN): at least 3 times the usual script"
        yield Target(wish, f"{ratio:.1f} times; {_less(same, script)}", ratio >= 3)


def _less(row: Row, other: Row) -> str:
    return f"{_median(other, 'processor ms') / _median(row, 'processor ms'):.1f} times less processor time"


def _median(row: Row, heading: str) -> float:
    return float(row[heading]["median"])


def _machine(reports: list[dict[str, Any]]) -> str:
    machine, versions = reports[0]["machine"], reports[0]["versions"]
    facts = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}"
    wheels = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"{facts}; {wheels}; measured {machine['at'][:10]}."


def _table(rows: list[Row]) -> str:
    if not rows:
        return ""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    lines += ["| " + " | ".join(_text(cell) for cell in row.values()) + " |" for row in rows]
    return "\n".join(lines)


def _remarks(remarks: list[str]) -> str:
    return "".join(f"\n\n{_wrapped(f'{remark[0].upper()}{remark[1:]}.')}" for remark in remarks)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _LINE, break_long_words=False, break_on_hyphens=False)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dict):
        digits = _digits(cell["median"])
        return f"{cell['median']:.{digits}f} ({cell['low']:.{digits}f} to {cell['high']:.{digits}f})"
    return f"{cell:.{_digits(cell)}f}" if isinstance(cell, float) else str(cell)


def _digits(value: float) -> int:
    return 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0


if __name__ == "__main__":
    main()

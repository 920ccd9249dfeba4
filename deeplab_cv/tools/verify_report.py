"""What `app.py verify` prints and writes."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deeplab_cv.machine.files import whole_file
from deeplab_cv.networks.golden import golden_blob
from deeplab_cv.networks.network import Network
from deeplab_cv.terminal import wide_console
from deeplab_cv.tools.verify import FIRST_VALUES, MADE_SEED, Finding


def print_findings(network: Network, findings: Sequence[Finding]) -> None:
    """A row for each shape and engine with the worst of its samples, then the first values for comparing by hand."""
    console = wide_console()
    table = Table(title=escape(network.card.name))
    for heading in ("input", "engine", "computes in"):
        table.add_column(heading, no_wrap=True)
    for heading in ("max error", "mean error", "labels equal", "mIoU", "ms"):
        table.add_column(heading, justify="right", min_width=7)
    table.add_column("", no_wrap=True)
    faults = []
    for (size, backend), group in groupby(findings, lambda finding: (finding.input_size, finding.backend)):
        rows = list(group)
        wrong = [f"{backend} at {size}, {row.sample or 'loading'}: {row.fault}" for row in rows if row.fault]
        faults += wrong
        state = "[red]wrong[/]" if wrong else "left out" if rows[0].left_out else "right"
        table.add_row(str(size), escape(backend), rows[0].precision, *_worst(rows), state)
    console.print(table)
    for fault in faults:
        console.print(f"[red]wrong:[/] {escape(fault)}", soft_wrap=True)
    for backend, reason in dict.fromkeys((row.backend, row.left_out) for row in findings if row.left_out):
        console.print(f"left out: {escape(backend)}: {escape(reason)} by the card", soft_wrap=True)
    _print_first_values(console, network, findings)


def _worst(rows: Sequence[Finding]) -> list[str]:
    """Errors, equal labels, mIoU and time; nothing where no sample was tried."""
    tried = [row for row in rows if row.ms]
    if not tried:
        return [""] * 5
    # Golden scores are rounded to float16, which turns a few labels; the others are exact.
    exact = [row for row in tried if row.sample != "golden"] or tried
    return [
        f"{max(row.max_error for row in tried):.1e}",
        f"{max(row.mean_error for row in tried):.1e}",
        f"{min(row.equal_labels for row in exact):.2%}",
        f"{min(row.miou for row in exact):.4f}",
        f"{min(row.ms for row in tried):.1f}",
    ]


def write_findings(path: Path, findings: Sequence[Finding]) -> None:
    """Every finding with all its figures, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps([_figures(finding) for finding in findings], indent=1) + "\n", encoding="utf-8")


def _figures(finding: Finding) -> dict[str, Any]:
    """A finding as the file has it: with its input's `shape`, height and width, as a card has it."""
    figures = asdict(finding)
    return figures | {"shape": list(figures.pop("input_size").hw)}


def _print_first_values(console: Console, network: Network, findings: Sequence[Finding]) -> None:
    """Shapes and first values of one input and of every engine's scores for it, to lay beside another program's."""
    first = findings[0].input_size
    made = [finding for finding in findings if finding.sample == "made" and finding.input_size == first]
    if not made:
        return
    card = network.card
    blob = golden_blob(MADE_SEED, made[0].input_size, card.input)
    console.print(f"\n{escape(card.input.name)} {blob.shape}: {_written(blob.ravel()[:FIRST_VALUES].tolist())} ...")
    for finding in made:
        console.print(f"{escape(card.output.name)} of {finding.backend}: {_written(finding.first_values)} ...")


def _written(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.5g}" for value in values)

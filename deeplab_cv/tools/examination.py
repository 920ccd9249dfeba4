"""What `app.py doctor` finds out and prints: the machine, what is installed, and which engines are right on it."""

import platform
import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deeplab_cv.engines.candidates import ENGINES, CandidateResult, candidates_for, engine_module
from deeplab_cv.engines.choice import Report, compare, to_nobody
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.engines.reference import reference_for
from deeplab_cv.engines.remembered import question_of, recall
from deeplab_cv.engines.trial import try_out
from deeplab_cv.errors import EngineError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.installed import conflicts
from deeplab_cv.networks.network import Graph, Network, graph_for, variant_graphs
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.sinks.virtual_camera import what_there_is
from deeplab_cv.tools.machine_facts import machine_facts
from deeplab_cv.version import VERSION

FRAME_SIZE = Size(1280, 720)
"""The size of the frames that the engines are proven for."""

_WIDTH = 80
"""Characters a line takes, as wide as a terminal is at least."""

_COLUMN = 11
"""Where the second column begins."""


def examine(network_options: NetworkOptions, engine_options: EngineOptions, *, report: Report = to_nobody) -> bool:
    """Print everything; whether at least one engine was proven right.

    Args:
        network_options: which network.
        engine_options: which engines.
        report: is told what is being tried.

    Raises:
        UserError: the network is wrong.
    """
    console = Console(soft_wrap=True, highlight=False)
    _print_machine(console)
    try:
        network = wanted_network(network_options)
    except UsageError as error:
        console.print()
        _print_wrapped(console, f"nothing is proven: {error}", indent=_COLUMN)
        _print_not_here(console)
        return False
    results = _try_everything(network, engine_options, console, report)
    _print_not_here(console)
    return any(not result.reason for result in results)


def _print_machine(console: Console) -> None:
    console.print(f"deeplab-cv {VERSION}, Python {platform.python_version()}")
    for word, line in machine_facts():
        _print_wrapped(console, f"{word:<{_COLUMN}}{line}", indent=_COLUMN)
    _print_wrapped(console, f"{'camera out':<{_COLUMN}}{what_there_is()}", indent=_COLUMN)
    for line in conflicts():
        _print_wrapped(console, f"warning: {line}", indent=_COLUMN)


def _print_wrapped(console: Console, line: str, *, indent: int) -> None:
    """Print a line in as many as it takes; no word is broken, so that a command or a path can be copied."""
    wrapped = textwrap.fill(
        line, _WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )
    console.print(escape(wrapped))


def _try_everything(
    network: Network, options: EngineOptions, console: Console, report: Report
) -> list[CandidateResult]:
    graph = graph_for(network, FRAME_SIZE)
    graphs = [graph, *variant_graphs(network, graph)]
    console.print(f"\n{escape(_title(graph))}")
    candidates = candidates_for(graphs, options.backend)
    try_out(candidates, options.threads, depth=1)
    results, engine = compare(candidates, reference_for(graph), options, report=report)
    if engine is not None:
        engine.close()
    working = [result for result in results if not result.reason]
    if working:
        console.print(_table(working))
    for result in results:
        if result.reason:
            _print_wrapped(console, f"refused {result.candidate}: {result.reason}", indent=2)
    _print_wrapped(console, _taken(graphs, results, options), indent=2)
    return results


def _taken(graphs: Sequence[Graph], results: Sequence[CandidateResult], options: EngineOptions) -> str:
    """Which of them a run takes, and why."""
    recalled = {
        what: recall(question_of(graphs, options, depth=depth), graphs)
        for what, depth in (("live pictures", 1), ("files", 2))
    }
    known = {what: str(candidate) for what, candidate in recalled.items() if candidate is not None}
    chosen = [f"{candidate} for {what}" for what, candidate in known.items()]
    if len(chosen) > 1 and len({*known.values()}) == 1:
        chosen = [known["files"]]
    if chosen:
        return f"--backend {options.backend} takes {' and '.join(chosen)}, as was found out at an earlier start."
    if not results or results[0].reason:
        return f"--backend {options.backend} has nothing to take."
    return f"--backend {options.backend} takes {results[0].candidate}, the fastest that is right."


def _title(graph: Graph) -> str:
    origin = "against its golden scores" if graph.golden else "without golden scores, against ONNX Runtime's"
    return f"{graph.card.name} at {graph.input_size}, {origin}:"


def _table(results: list[CandidateResult]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("engine", "precision", "ms", "threads", "error", "allowed", "equal"):
        table.add_column(heading, no_wrap=True, justify="left" if heading in ("engine", "precision") else "right")
    for result in results:
        proof = result.proof
        compared = proof is not None and proof.origin != ""
        table.add_row(
            str(result.candidate),
            result.precision,
            f"{result.ms:.1f}",
            str(result.threads or "-"),
            f"{proof.error:.1e}" if proof and compared else "-",
            f"{proof.tolerance:.0e}" if proof and compared else "-",
            f"{proof.equal_labels:.2%}" if proof and compared else "-",
        )
    return table


def _print_not_here(console: Console) -> None:
    """One line for each reason, with the devices that it keeps away."""
    console.print("\nnot on this machine:")
    for name in ENGINES:
        try:
            module = engine_module(name)
        except EngineError as error:
            _print_wrapped(console, f"  {error}", indent=4)
            continue
        reasons: dict[str, list[str]] = {}
        for device in module.DEVICES:
            if (refusal := module.why_not(device)) is not None:
                reasons.setdefault(refusal.remedy, []).append(device)
        for reason, devices in reasons.items():
            _print_wrapped(console, f"  {name}:{', '.join(devices)}: {reason}", indent=4)

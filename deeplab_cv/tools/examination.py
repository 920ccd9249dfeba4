"""What `app.py doctor` finds out and prints: the machine, what is installed, and which engines are right on it."""

import platform
import re

import cv2
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deeplab_cv.engines.candidates import ENGINES, CandidateResult, candidates_for, engine_module
from deeplab_cv.engines.choice import compare
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.engines.reference import reference_for
from deeplab_cv.engines.trial import try_out
from deeplab_cv.errors import EngineError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.display import display_problem
from deeplab_cv.machine.installed import ENGINE_WHEELS, conflicts, installed
from deeplab_cv.machine.processor import processor_name, usable_cores
from deeplab_cv.networks.network import Graph, Network, graph_for, variant_graphs
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.version import VERSION

FRAME_SIZE = Size(1280, 720)
"""The size of the frames that the engines are proven for."""


def examine(network_options: NetworkOptions, engine_options: EngineOptions) -> bool:
    """Print everything; whether at least one engine was proven right. Raises UserError for a network that is wrong."""
    console = Console(soft_wrap=True, highlight=False)
    _print_machine(console)
    _print_installed(console)
    try:
        network = wanted_network(network_options)
    except UsageError as error:
        console.print(f"\n[yellow]nothing is proven:[/] {escape(str(error))}")
        _print_not_here(console)
        return False
    results = _try_everything(network, engine_options, console)
    _print_not_here(console)
    return any(not result.reason for result in results)


def _print_machine(console: Console) -> None:
    console.print(f"deeplab-cv {VERSION}, Python {platform.python_version()}, {platform.platform()}")
    console.print(f"processor  {escape(processor_name())}, {usable_cores()} cores for this process")
    console.print(f"window     {escape(display_problem() or 'can be opened')}")
    console.print(f"OpenCV     {escape(_opencv_build())}")


def _opencv_build() -> str:
    """What decides what OpenCV can do here, from its build information."""
    text = cv2.getBuildInformation()

    def entry(name: str) -> str:
        found = re.search(rf"^\s*{name}:\s*(.+?)\s*$", text, re.MULTILINE)
        return found.group(1) if found else "no"

    devices = cv2.cuda.getCudaEnabledDeviceCount()
    opencl = "a device" if cv2.ocl.haveOpenCL() else "no device"
    return (
        f"{cv2.__version__}: window {entry('GUI')}, CUDA {entry('NVIDIA CUDA')} ({devices} devices), "
        f"OpenCL {opencl}, threads {entry('Parallel framework')}"
    )


def _print_installed(console: Console) -> None:
    wheels = installed([*ENGINE_WHEELS, "av", "numpy", "onnx", "torch"])
    console.print(f"installed  {', '.join(f'{wheel} {version}' for wheel, version in wheels.items())}")
    console.print("optional   onnxruntime or openvino: one of the two beside OpenCV is enough")
    for line in conflicts():
        console.print(f"[yellow]warning:[/] {escape(line)}")


def _try_everything(network: Network, options: EngineOptions, console: Console) -> list[CandidateResult]:
    graph = graph_for(network, FRAME_SIZE)
    graphs = [graph, *variant_graphs(network, graph)]
    console.print(f"\n{escape(_title(graph))}")
    candidates = candidates_for(graphs, options.backend)
    try_out(candidates, options.threads, depth=1)
    results, engine = compare(candidates, reference_for(graph), options)
    if engine is not None:
        engine.close()
    working = [result for result in results if not result.reason]
    if working:
        console.print(_table(working))
    for result in results:
        if result.reason:
            console.print(f"[red]refused[/] {escape(str(result.candidate))}: {escape(result.reason)}")
    return results


def _title(graph: Graph) -> str:
    origin = "against its golden scores" if graph.golden else "without golden scores, against ONNX Runtime's"
    return f"{graph.card.name} at {graph.input_size}, {origin}:"


def _table(results: list[CandidateResult]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("engine", "computes in", "ms", "threads", "error", "allowed", "labels equal"):
        table.add_column(heading, no_wrap=True, justify="left" if heading in ("engine", "computes in") else "right")
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
            console.print(f"  {escape(str(error))}")
            continue
        reasons: dict[str, list[str]] = {}
        for device in module.DEVICES:
            if (refusal := module.why_not(device)) is not None:
                reasons.setdefault(refusal.remedy, []).append(device)
        for reason, devices in reasons.items():
            console.print(f"  {name}:{', '.join(devices)}: {escape(reason)}")

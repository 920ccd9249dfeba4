"""Makes the int8 tables of docs/networks.md: float against int8 in turn, and which layers cost what.

    python benchmarks/int8.py quantise FILE.onnx ...   FILE.int8.onnx beside each, ranges from made pictures
    python benchmarks/int8.py speed FILE.onnx ...      FILE.onnx against FILE.int8.onnx on each engine, in turn
    python benchmarks/int8.py layers FILE.onnx ...     milliseconds by kind of layer in both, ONNX Runtime

The first is for networks with random weights, which real pictures teach nothing; `app.py quantise` takes real ones. The
others take any two such files, those of models/ for instance.
"""

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import onnx
import onnxruntime
from networks import BACKENDS, SEED, claimed, computed, load, rounds_for, times_in_turn

from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash
from deeplab_cv.machine.processor import sums_in_32_bits, usable_cores
from deeplab_cv.networks.golden import golden_blob, golden_picture
from deeplab_cv.networks.network import Graph, fixed_file, graph_for
from deeplab_cv.networks.opening import open_network

SIZE = Size(448, 448)
PROFILED = 10
CALIBRATING = 6


def quantise_all(files: Sequence[Path]) -> None:
    from deeplab_cv.tools.quantising.quantiser import Calibration, quantised_file

    for file in files:
        card = open_network(file).card
        pictures = [golden_picture(seed, card.input_sizes[0]) for seed in range(CALIBRATING)]
        quantised_file(file, file.with_suffix(".int8.onnx"), Calibration(card, pictures, not sums_in_32_bits()))
        print(f"{file.stem}: {megabytes(file):.1f} MB -> {megabytes(file.with_suffix('.int8.onnx')):.1f} MB")


def print_speed(files: Sequence[Path], backends: Sequence[str]) -> None:
    """A row for each network and engine; medians of runs in turn."""
    print("| network | input | engine | float ms | int8 ms | times faster |")
    print("|---|---|---|---|---|---|")
    for file in files:
        graphs = float_and_int8(file)
        size = graphs["float"].input_size
        blob = golden_blob(SEED, size, graphs["float"].card.input)
        for backend in backends:
            try:
                engines = {key: load(graph, backend) for key, graph in graphs.items()}
            except EngineError as error:
                print(f"| {file.stem} | {size} | {BACKENDS[backend]} | | {error.what} | |")
                continue
            works = {key: partial(computed, engine, blob) for key, engine in engines.items()}
            times_ms = times_in_turn(works, rounds_for(works))
            cells = f"{times_ms['float']:.1f} | {times_ms['int8']:.1f} | {times_ms['float'] / times_ms['int8']:.2f}"
            print(f"| {file.stem} | {size} | {BACKENDS[backend]} | {cells} |", flush=True)
            for engine in engines.values():
                engine.close()


def print_layers(files: Sequence[Path]) -> None:
    """A row for each kind of layer: milliseconds in the float and in the int8 file."""
    for file in files:
        graphs = float_and_int8(file)
        found = {key: milliseconds_by_kind(graph) for key, graph in graphs.items()}
        print(f"| {file.stem}: layers in ONNX Runtime | float ms | int8 ms |")
        print("|---|---|---|")
        kinds = sorted(set(found["float"]) | set(found["int8"]), key=lambda kind: -found["int8"].get(kind, 0))
        for kind in kinds:
            cells = [f"{found[key].get(kind, 0):.1f}" for key in ("float", "int8")]
            if cells != ["0.0", "0.0"]:
                print(f"| {kind} | {' | '.join(cells)} |")


def milliseconds_by_kind(graph: Graph) -> dict[str, float]:
    """How long an inference spends in each kind of layer, by ONNX Runtime's own profile."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = usable_cores()
        options.enable_profiling = True
        options.log_severity_level = 3
        options.profile_file_prefix = str(Path(folder) / "profile")
        options.optimized_model_filepath = str(Path(folder) / "fused.onnx")
        session = onnxruntime.InferenceSession(str(graph.file), options, providers=["CPUExecutionProvider"])
        feed = {graph.card.input.name: golden_blob(SEED, graph.input_size, graph.card.input)}
        for _ in range(PROFILED):
            session.run(None, feed)
        events = json.loads(Path(session.end_profiling()).read_text())
        kinds = kinds_of_nodes(Path(folder) / "fused.onnx")
    totals: dict[str, float] = defaultdict(float)
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            name = event["name"].removesuffix("_kernel_time")
            totals[kinds.get(name, event["args"]["op_name"])] += event["dur"] / 1000 / PROFILED
    return totals


def kinds_of_nodes(fused: Path) -> dict[str, str]:
    """The convolutions of a graph as ONNX Runtime runs it, by name: parted by what they cost, alike in both files."""
    graph = onnx.load(fused).graph
    dimensions = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    kinds = {}
    for node in graph.node:
        kernel = next((dimensions[name] for name in node.input if len(dimensions.get(name, ())) == 4), None)
        if "Conv" in node.op_type and kernel:
            size = f"{kernel[2]}x{kernel[3]}"
            kinds[node.name] = f"{'depthwise' if kernel[1] == 1 else size} convolution"
    return kinds


def float_and_int8(file: Path) -> dict[str, Graph]:
    network = open_network(file)
    plain = replace(graph_for(network, SIZE), golden=None)
    int8 = file.with_suffix(".int8.onnx")
    sha256 = file_hash(int8)
    return {
        "float": plain,
        "int8": replace(
            plain, file=fixed_file(int8, sha256, plain.input_size, named=int8), sha256=sha256, precision="int8"
        ),
    }


def megabytes(file: Path) -> float:
    return file.stat().st_size / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("quantise", "speed", "layers"))
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--without-opencv", action="store_true", help="time the two engines that have int8 arithmetic")
    args = parser.parse_args()
    backends = [each for each in claimed() if not (args.without_opencv and each.startswith("opencv"))]
    steps = {"quantise": quantise_all, "speed": partial(print_speed, backends=backends), "layers": print_layers}
    steps[args.what](args.files)


if __name__ == "__main__":
    main()

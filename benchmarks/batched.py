"""Whether an engine gains from several pictures at once: processor milliseconds a picture, a row of docs/batch.md.

    python benchmarks/batched.py [--size 512x288] [--turns 15] [--threads 1]

The default network, float and int8, is given one and the same eight pictures one by one, in pairs, in fours and all
at once, in turns; the settings are those of `engines/`, with as many threads as a worker of `app.py batch` has on a
machine of as many cores as workers. A cell is the median of the turns, and its share of what one by one takes in the
same turn. Scores must be those of single pictures.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import onnx
import onnxruntime
import openvino

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.frames.size import Size
from deeplab_cv.networks.golden import golden_blob
from deeplab_cv.networks.network import Graph, graph_at, variant_graphs
from deeplab_cv.networks.opening import default_network_file, open_network

BATCHES = (1, 2, 4, 8)
PICTURES = max(BATCHES)
MOST_ERROR = 0.02
"""Of the greatest score: how much an engine's scores may differ from those of single pictures."""

Compute = Callable[[np.ndarray], np.ndarray]


def with_openvino(file: Path, threads: int) -> Compute:
    """A network on OpenVINO."""
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": False,
    }
    request = openvino.Core().compile_model(str(file), "CPU", settings).create_infer_request()
    return lambda blob: request.infer([blob], share_inputs=True)[0]


def with_onnxruntime(file: Path, threads: int) -> Compute:
    """A network on ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda blob: session.run(None, {name: blob})[0]


def with_opencv(file: Path, threads: int) -> Compute:
    """A network on OpenCV's classic engine."""
    cv2.setNumThreads(threads)
    engine = getattr(cv2.dnn, "ENGINE_CLASSIC", None)
    net = cv2.dnn.readNetFromONNX(str(file), *(() if engine is None else (engine,)))
    net.enableWinograd(False)

    def compute(blob: np.ndarray) -> np.ndarray:
        net.setInput(blob)
        return net.forward()

    return compute


ENGINES = {"openvino": with_openvino, "onnxruntime": with_onnxruntime, "opencv": with_opencv}


def with_batch(file: Path, pictures: int, folder: Path) -> Path:
    """A copy of a network of one fixed shape that takes several pictures at once."""
    model = onnx.load(file)
    weights = {tensor.name for tensor in model.graph.initializer}
    picture = next(value for value in model.graph.input if value.name not in weights)
    picture.type.tensor_type.shape.dim[0].dim_value = pictures
    del model.graph.value_info[:]
    for output in model.graph.output:
        for dimension in output.type.tensor_type.shape.dim:
            dimension.Clear()
    copy = folder / f"{file.stem}-{pictures}.onnx"
    onnx.save(onnx.shape_inference.infer_shapes(model, strict_mode=True), copy)
    return copy


def in_turns(computes: dict[int, Compute], blobs: np.ndarray, turns: int) -> dict[int, list[float]]:
    """Processor milliseconds a picture in each turn, by how many pictures are computed at once."""
    times: dict[int, list[float]] = {count: [] for count in computes}
    for turn in range(turns + 1):
        for count, compute in computes.items():
            begun = time.process_time()
            for start in range(0, PICTURES, count):
                compute(blobs[start : start + count])
            # The first turn pays for what is set up once.
            if turn:
                times[count].append(1000 * (time.process_time() - begun) / PICTURES)
    return times


def row(engine: str, graph: Graph, blobs: np.ndarray, args: argparse.Namespace) -> str:
    """An engine's row of the table."""
    with TemporaryDirectory() as temporary:
        files = {count: with_batch(graph.file, count, Path(temporary)) for count in BATCHES}
        computes = {count: ENGINES[engine](file, args.threads) for count, file in files.items()}
        single = np.concatenate([computes[1](blobs[at : at + 1]).copy() for at in range(PICTURES)])
        for count, compute in computes.items():
            scores = np.concatenate([compute(blobs[at : at + count]).copy() for at in range(0, PICTURES, count)])
            if np.abs(scores - single).max() > MOST_ERROR * np.abs(single).max():
                return f"| {engine} | {graph.precision} | wrong scores with {count} at once |"
        times = in_turns(computes, blobs, args.turns)
    cells = [
        f"{median(taken):.1f} ({median(each / one for each, one in zip(taken, times[1], strict=True)):.2f})"
        for taken in times.values()
    ]
    return f"| {engine} | {graph.precision} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=Size.parse, default=Size(512, 288), help="the network's input (default 512x288)")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1, help="of each engine (default 1)")
    args = parser.parse_args()
    network = open_network(default_network_file())
    graph = graph_at(network, args.size)
    int8 = next(each for each in variant_graphs(network, graph) if each.precision == "int8")
    blobs = np.concatenate([golden_blob(seed, args.size, network.card.input) for seed in range(PICTURES)])
    print(f"| engine | form | {' | '.join(f'{count} at once' for count in BATCHES)} |")
    print(f"|---|---|{'---|' * len(BATCHES)}")
    for each in (graph, int8):
        for engine in ENGINES:
            if not each.engines or engine in each.engines:
                print(row(engine, each, blobs, args), flush=True)


if __name__ == "__main__":
    main()

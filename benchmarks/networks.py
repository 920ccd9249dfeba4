"""Makes the tables of docs/networks.md: is every exported network right on every engine, and how fast is it?

    python benchmarks/networks.py export FOLDER [NAME ...]   torchvision's four with random weights; needs torch
    python benchmarks/networks.py errors FOLDER [NAME ...]   errors and times at 1:1, 4:3 and 16:9
    python benchmarks/networks.py speed FOLDER [NAME ...]    the plain export against ours, in turn
    python benchmarks/networks.py double FOLDER [NAME ...]   PyTorch's and our float32 against float64; needs torch

Errors and speed need no torch, so that they can be run again in an environment with another OpenCV.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.engines.candidates import engine_module
from deeplab_cv.engines.engine import Blob, Engine
from deeplab_cv.engines.timing import in_turns
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.frame import Labels, Scores
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.memory import spoiled_memory
from deeplab_cv.networks.card import InputFacts
from deeplab_cv.networks.golden import golden_blob, golden_key, golden_picture
from deeplab_cv.networks.network import Graph, graph_at, graph_for, rewritten_graph
from deeplab_cv.networks.opening import open_network
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.preprocess import blob_of

NAMES = (
    "deeplabv3_mobilenet_v3_large",
    "lraspp_mobilenet_v3_large",
    "deeplabv3_resnet50",
    "deeplabv3_resnet101",
)
SIDE = 448
SIZE = Size(SIDE, SIDE)
SEED = 5
SLOW_MS = 1000
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
BACKENDS = {
    "opencv:cpu": f"OpenCV {cv2.__version__}" + (" classic" if hasattr(cv2.dnn, "ENGINE_CLASSIC") else ""),
    "opencv:cpu_new": f"OpenCV {cv2.__version__} new",
    "onnxruntime:cpu": "ONNX Runtime",
    "openvino:cpu": "OpenVINO",
}
Work = Callable[[], Labels]
"""From the input tensor to labels of the input's size."""


def export_all(folder: Path, names: Sequence[str]) -> None:
    """Each network in our form, PyTorch's exact scores, and the network as torch.onnx.export leaves it."""
    import torch

    from deeplab_cv.classes import VOC_CLASSES
    from deeplab_cv.pytorch.export import ExportPlan, PlainInput, export
    from deeplab_cv.pytorch.exporting.full_network import FixedSizeScores, full_network
    from deeplab_cv.pytorch.exporting.golden import scores_of
    from deeplab_cv.pytorch.exporting.weights import random_weights

    for name in names:
        trained = random_weights(name, VOC_CLASSES, seed=0)
        exported = export(trained, ExportPlan(folder / f"{name}.onnx", (SIDE,), half=False, opset=13, command=""))
        print(f"{name}: rewritten network against torchvision's {exported.rewrite_error:.1e}", flush=True)
        original = PlainInput(trained.network, trained.architecture).eval()
        sizes = exported.card.input_sizes[:3]
        exact = {golden_key(size): scores_of(original, golden_blob(SEED, size, InputFacts())) for size in sizes}
        np.savez(folder / f"{name}.exact.npz", allow_pickle=False, **exact)
        plain = FixedSizeScores(full_network(trained), SIDE).eval()
        torch.onnx.export(
            plain,
            (torch.zeros(1, 3, SIDE, SIDE),),
            str(folder / f"{name}-plain.onnx"),
            opset_version=13,
            input_names=["input"],
            output_names=["output"],
            dynamo=False,
        )


def print_errors(folder: Path, names: Sequence[str]) -> None:
    """A row for each network and shape, a column for each engine: error against PyTorch, equal labels, time."""
    backends = claimed()
    print(f"| network | input | {' | '.join(BACKENDS[backend] for backend in backends)} |")
    print("|---|---|" + "---|" * len(backends))
    for name in names:
        network = open_network(folder / f"{name}.onnx")
        for size in network.card.input_sizes[:3]:
            with np.load(folder / f"{name}.exact.npz") as exact:
                expected = exact[golden_key(size)]
            graph = graph_at(network, size)
            cells = [_error_and_time(graph, backend, expected) for backend in backends]
            print(f"| {name} | {size} | {' | '.join(cells)} |", flush=True)


def print_double(folder: Path, names: Sequence[str]) -> None:
    """A row for each network at 448x448: how far torchvision's float32 and our file's are from float64."""
    import torch

    from deeplab_cv.classes import VOC_CLASSES
    from deeplab_cv.pytorch.export import PlainInput
    from deeplab_cv.pytorch.exporting.weights import random_weights

    print("| network | torchvision's float32 | our file in ONNX Runtime |\n|---|---|---|")
    for name in names:
        trained = random_weights(name, VOC_CLASSES, seed=0)
        graph = graph_at(open_network(folder / f"{name}.onnx"), SIZE)
        blob = golden_blob(SEED, graph.input_size, graph.card.input)
        with torch.inference_mode():
            network = PlainInput(trained.network, trained.architecture).eval().double()
            double = network(torch.from_numpy(blob).double())[0].numpy()
        with np.load(folder / f"{name}.exact.npz") as exact:
            theirs = exact[golden_key(graph.input_size)]
        ours = computed(load(graph, "onnxruntime:cpu"), blob)
        cells = (_difference(scores, double, graph.input_size) for scores in (theirs, ours))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _difference(scores: Scores, expected: Scores, size: Size) -> str:
    """Greatest error as a share of the greatest score, and the share of equal labels at the input's size."""
    error = float(np.abs(scores - expected).max() / np.abs(expected).max())
    found, wanted = (labels_at(np.float32(each), size, align_corners=False) for each in (scores, expected))
    return f"{error:.1e}, {(found == wanted).mean():.3%}"


def _error_and_time(graph: Graph, backend: str, expected: Scores) -> str:
    blob = golden_blob(SEED, graph.input_size, graph.card.input)
    try:
        with spoiled_memory():
            engine = load(graph, backend)
            scores = computed(engine, blob)
        work = {"": lambda: _labels(engine, blob, graph.input_size)}
        times_ms = times_in_turn(work, rounds=1)
        if times_ms[""] < SLOW_MS:
            times_ms = times_in_turn(work, rounds=3)
    except EngineError as error:
        return error.what
    return f"{_difference(scores, expected, graph.input_size)}, {times_ms['']:.0f} ms"


def print_speed(folder: Path, names: Sequence[str]) -> None:
    """A row for each network and engine: the plain export, ours, ours with slices; medians of runs in turn.

    Plain: scores enlarged inside the graph, then argmax over all of them. Ours: `labels_at` over the head's scores.
    """
    print("| network | engine | plain ms | ours ms | as slices ms | plain : best of ours | equal labels |")
    print("|---|---|---|---|---|---|---|")
    picture = np.asarray(cv2.GaussianBlur(golden_picture(SEED, SIZE), (0, 0), 2), np.uint8)
    for name in names:
        ours = graph_for(open_network(folder / f"{name}.onnx"), SIZE)
        plain = graph_for(open_network(folder / f"{name}-plain.onnx", NetworkOptions(mean=MEAN, std=STD)), SIZE)
        graphs = {"plain": plain, "ours": ours}
        if (slices := rewritten_graph(ours)) is not None:
            graphs["slices"] = slices
        blobs = {key: blob_of(picture, SIZE, graph.card.input) for key, graph in graphs.items()}
        for backend in claimed():
            times_ms, labels = _times_and_labels(graphs, blobs, backend)
            best = min((key for key in times_ms if key != "plain"), key=lambda key: times_ms[key])
            cells = [f"{times_ms[key]:.1f}" if key in times_ms else "" for key in ("plain", "ours", "slices")]
            gain = f"{times_ms['plain'] / times_ms[best]:.2f}" if "plain" in times_ms else "plain is refused"
            equal = f"{(labels['plain'] == labels[best]).mean():.3%}" if "plain" in labels else ""
            print(f"| {name} | {BACKENDS[backend]} | {' | '.join(cells)} | {gain} | {equal} |", flush=True)


def _times_and_labels(
    graphs: Mapping[str, Graph], blobs: Mapping[str, Blob], backend: str
) -> tuple[dict[str, float], dict[str, Labels]]:
    """Median milliseconds and labels of every graph that runs on an engine."""
    engines: dict[str, Engine] = {}
    for key, graph in graphs.items():
        try:
            engines[key] = load(graph, backend)
        except EngineError as error:
            print(f"{key} on {backend}: {error}", file=sys.stderr)
    works: dict[str, Work] = {
        key: _plain_work(engine, blobs[key]) if key == "plain" else _our_work(engine, blobs[key])
        for key, engine in engines.items()
    }
    with spoiled_memory():
        labels = {key: work() for key, work in works.items()}
    times_ms = times_in_turn(works, rounds_for(works))
    for engine in engines.values():
        engine.close()
    return times_ms, labels


def _plain_work(engine: Engine, blob: Blob) -> Work:
    return lambda: computed(engine, blob).argmax(axis=0).astype(np.uint8)


def _our_work(engine: Engine, blob: Blob) -> Work:
    return lambda: _labels(engine, blob, SIZE)


def rounds_for(works: Mapping[str, Callable[[], object]]) -> int:
    """How often to time works in turn: less often where one of them takes a second or more."""
    return 5 if max(times_in_turn(works, rounds=1).values()) > SLOW_MS else 15


def times_in_turn(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each work."""
    times_ms = in_turns({key: partial(_ms, work) for key, work in works.items()}, rounds)
    return {key: statistics.median(values) for key, values in times_ms.items()}


def _ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _labels(engine: Engine, blob: Blob, size: Size) -> Labels:
    return labels_at(computed(engine, blob), size, align_corners=False)


def computed(engine: Engine, blob: Blob) -> Scores:
    engine.submit(blob)
    return engine.result().scores


def load(graph: Graph, backend: str) -> Engine:
    name, _, device = backend.partition(":")
    engine: Engine = engine_module(name).load(replace(graph, golden=None), device, 0, 1)
    return engine


def claimed() -> list[str]:
    """The engines that this environment has."""
    return [backend for backend in BACKENDS if backend.partition(":")[2] in _devices(backend)]


def _devices(backend: str) -> tuple[str, ...]:
    devices: tuple[str, ...] = engine_module(backend.partition(":")[0]).devices()
    return devices


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("export", "errors", "speed", "double"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help=f"networks; all where none is named: {', '.join(NAMES)}")
    args = parser.parse_args()
    steps = {"export": export_all, "errors": print_errors, "speed": print_speed, "double": print_double}
    steps[args.what](args.folder, args.names or NAMES)


if __name__ == "__main__":
    main()

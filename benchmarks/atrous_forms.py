"""Makes a table of docs/networks.md: ways to write DeepLab's three dilated convolutions, timed in turn on each engine.

    python benchmarks/atrous_forms.py [CHANNELS]     960: MobileNetV3's pyramid at 448x448; 2048: ResNet's

Every form computes the same: 3x3 convolutions of rates 12, 24 and 36 on a map of 28x28, each giving 256 channels.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import openvino
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.machine.processor import usable_cores
from deeplab_cv.networks.slices import rewrite_atrous

SIDE, OUT, RATES = 28, 256, (12, 24, 36)
ROUNDS = 9
Array = NDArray[Any]


class Drawing:
    """A graph that grows node by node."""

    def __init__(self, kernels: dict[int, Array]) -> None:
        self.kernels = kernels
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def add(self, kind: str, *inputs: str | Array | list[int], outputs: int = 1, **attributes: Any) -> Any:
        """A node; arrays and lists among its inputs become weights. Returns its output's name, or their names."""
        names = [value if isinstance(value, str) else self._weight(np.asarray(value)) for value in inputs]
        made = [f"t{len(self.nodes)}_{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, names, made, **attributes))
        return made[0] if outputs == 1 else made

    def model(self, branches: list[str], channels: int) -> onnx.ModelProto:
        """The branches side by side as `output`."""
        self.nodes.append(helper.make_node("Concat", branches, ["output"], axis=1))
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, count, SIDE, SIDE])
            for name, count in (("input", channels), ("output", OUT * len(branches)))
        ]
        graph = helper.make_graph(self.nodes, "pyramid", ends[:1], ends[1:], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        return onnx.shape_inference.infer_shapes(model, strict_mode=True)

    def _weight(self, values: Array) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def plain(drawing: Drawing) -> list[str]:
    return [
        drawing.add("Conv", "input", kernel, dilations=[rate] * 2, pads=[rate] * 4, kernel_shape=[3, 3])
        for rate, kernel in drawing.kernels.items()
    ]


def one_concatenation(drawing: Drawing) -> list[str]:
    """The taps' slices, padded to the map, behind one another; one 1x1 convolution over all of them."""
    branches = []
    for rate, kernel in drawing.kernels.items():
        shifted, parts = [], []
        for down, right, tap in taps(rate, kernel):
            whole = (
                "input" if not (down or right) else drawing.add("Pad", sliced(drawing, down, right), pads(down, right))
            )
            shifted.append(whole)
            parts.append(tap)
        stacked = drawing.add("Concat", *shifted, axis=1) if len(shifted) > 1 else shifted[0]
        branches.append(drawing.add("Conv", stacked, np.concatenate(parts, axis=1)))
    return branches


def merged_branches(drawing: Drawing) -> list[str]:
    """The middle taps of all branches as one 1x1 convolution; the other taps as slices."""
    middles = np.concatenate([kernel[:, :, 1:2, 1:2] for kernel in drawing.kernels.values()])
    together = drawing.add("Conv", "input", middles)
    sizes = [OUT] * len(drawing.kernels)
    branches = drawing.add("Split", together, sizes, outputs=len(sizes), axis=1)
    for number, (rate, kernel) in enumerate(drawing.kernels.items()):
        for down, right, tap in taps(rate, kernel):
            if down or right:
                part = drawing.add("Conv", sliced(drawing, down, right), tap)
                branches[number] = drawing.add("Add", branches[number], drawing.add("Pad", part, pads(down, right)))
    return list(branches)


def space_to_depth(drawing: Drawing) -> list[str]:
    """A convolution of rate r as an undilated one over r x r small maps, the phases of the map."""
    channels = next(iter(drawing.kernels.values())).shape[1]
    branches = []
    for rate, kernel in drawing.kernels.items():
        small = -(-SIDE // rate)
        room = small * rate - SIDE
        padded = drawing.add("Pad", "input", [0, 0, 0, 0, 0, 0, room, room])
        split = drawing.add("Reshape", padded, [channels, small, rate, small, rate])
        phases = drawing.add("Transpose", split, perm=[2, 4, 0, 1, 3])
        batch = drawing.add("Reshape", phases, [rate * rate, channels, small, small])
        convolved = drawing.add("Conv", batch, kernel, pads=[1] * 4, kernel_shape=[3, 3])
        back = drawing.add("Reshape", convolved, [rate, rate, OUT, small, small])
        turned = drawing.add("Transpose", back, perm=[2, 3, 0, 4, 1])
        whole = drawing.add("Reshape", turned, [1, OUT, small * rate, small * rate])
        branches.append(drawing.add("Slice", whole, [0, 0], [SIDE, SIDE], [2, 3]))
    return branches


def taps(rate: int, kernel: Array) -> Iterator[tuple[int, int, Array]]:
    """Offset and 1x1 kernel of each tap that reaches the map."""
    for row in range(3):
        for column in range(3):
            down, right = (row - 1) * rate, (column - 1) * rate
            if abs(down) < SIDE and abs(right) < SIDE:
                yield down, right, kernel[:, :, row : row + 1, column : column + 1]


def sliced(drawing: Drawing, down: int, right: int) -> str:
    starts, ends = [max(0, down), max(0, right)], [SIDE + min(0, down), SIDE + min(0, right)]
    name: str = drawing.add("Slice", "input", starts, ends, [2, 3])
    return name


def pads(down: int, right: int) -> list[int]:
    return [0, 0, max(0, -down), max(0, -right), 0, 0, max(0, down), max(0, right)]


def forms(channels: int) -> dict[str, onnx.ModelProto]:
    random = np.random.RandomState(0)
    kernels = {rate: (random.randn(OUT, channels, 3, 3) / 100).astype(np.float32) for rate in RATES}
    drawn = {}
    for name, draw in (
        ("plain", plain),
        ("one concatenation, one 1x1", one_concatenation),
        ("slices, the branches' middle taps merged", merged_branches),
        ("space to depth", space_to_depth),
    ):
        drawing = Drawing(kernels)
        drawn[name] = drawing.model(draw(drawing), channels)
    slices = onnx.ModelProto()
    slices.CopyFrom(drawn["plain"])
    rewrite_atrous(slices)
    return {"plain": drawn.pop("plain"), "slices, as the program writes them": slices, **drawn}


def runners(file: Path, blob: Array) -> dict[str, Callable[[], Array]]:
    """How each engine of this environment computes a file; one that refuses it is left out."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(str(file), "CPU", hints).create_infer_request()
    found = {
        "ONNX Runtime": lambda: session.run(None, {"input": blob})[0],
        "OpenVINO": lambda: np.array(request.infer({0: blob})[0]),
    }
    for engine in ("CLASSIC", "NEW"):
        try:
            number = getattr(cv2.dnn, f"ENGINE_{engine}", None)
            if number is None and engine == "NEW":
                continue
            net = cv2.dnn.readNetFromONNX(str(file), *(() if number is None else (number,)))
            net.setInput(blob, "input")
            net.forward("output")
        except cv2.error:
            continue
        name = f"OpenCV {cv2.__version__}" + ("" if number is None else f" {engine.lower()}")
        found[name] = lambda net=net: (net.setInput(blob, "input"), np.array(net.forward("output")))[1]
    return found


def main() -> None:
    channels = int(sys.argv[1]) if len(sys.argv) > 1 else 960
    blob = np.random.RandomState(1).randn(1, channels, SIDE, SIDE).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        works: dict[str, dict[str, Callable[[], Array]]] = {}
        for name, model in forms(channels).items():
            file = Path(folder) / f"{len(works)}.onnx"
            onnx.save(model, str(file))
            works[name] = runners(file, blob)
        expected = works["plain"]["ONNX Runtime"]()
        engines = list(works["plain"])
        print(f"| {channels} channels, ms | {' | '.join(engines)} |\n|---|{'---|' * len(engines)}")
        times_ms: dict[tuple[str, str], list[float]] = {}
        wrong = set()
        for engine in engines:
            for _ in range(ROUNDS):
                for name in [name for name in works if engine in works[name]]:
                    start = time.perf_counter()
                    found = works[name][engine]()
                    times_ms.setdefault((name, engine), []).append((time.perf_counter() - start) * 1000)
                    if not np.abs(found - expected).max() < 1e-4 * np.abs(expected).max():
                        wrong.add((name, engine))
        for name in works:
            cells = []
            for engine in engines:
                times = times_ms.get((name, engine))
                cells.append("wrong" if (name, engine) in wrong else f"{statistics.median(times):.0f}" if times else "")
            print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()

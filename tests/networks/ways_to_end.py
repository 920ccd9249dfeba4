"""Small segmentation networks that end, and begin, in the ways in which people export theirs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SIDE = 64


@dataclass(frozen=True)
class Way:
    """One way to end.

    Attributes:
        channels: of the convolution that makes the scores.
        steps: op, inputs besides the first, attributes; `KERNELS` holds the inputs.
        kind: of the output's numbers.
    """

    channels: int
    steps: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...]
    kind: int = TensorProto.FLOAT


def step(op: str, *inputs: str, **attributes: Any) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    return op, inputs, attributes


CONSTANTS: dict[str, NDArray[Any]] = {
    "bias1": np.array([0.1], np.float32),
    "bias2": np.array([0.1, -0.1], np.float32),
    "half": np.array(0.5, np.float32),
    "zero": np.array(0.0, np.float32),
    "one": np.array(1.0, np.float32),
    "whole": np.array([1, 1, SIDE, SIDE]),
    "whole2": np.array([1, 2, SIDE, SIDE]),
    "last": np.array([1, SIDE, SIDE, 1]),
    "flat": np.array([1, SIDE, SIDE]),
    "axis0": np.array([0]),
    "axis1": np.array([1]),
    "axis3": np.array([3]),
    "axes01": np.array([0, 1]),
}
LAST = step("Transpose", perm=[0, 2, 3, 1])
UP = step("Resize", "", "", "whole", mode="linear", coordinate_transformation_mode="half_pixel")
UP2 = step("Resize", "", "", "whole2", mode="linear", coordinate_transformation_mode="half_pixel")
SIGMOID = step("Sigmoid")
TO_BYTES = step("Cast", to=TensorProto.UINT8)
TO_FLOAT = step("Cast", to=TensorProto.FLOAT)

ONE_CLASS = {
    "logits": Way(1, (UP,)),
    "sigmoid": Way(1, (UP, SIGMOID)),
    "sigmoid before the upsampling": Way(1, (SIGMOID, UP)),
    "sigmoid, three axes": Way(1, (UP, SIGMOID, step("Squeeze", "axis1"))),
    "sigmoid, two axes": Way(1, (UP, SIGMOID, step("Squeeze", "axes01"))),
    "sigmoid, channels last": Way(1, (UP, SIGMOID, LAST)),
    "channels last, then sigmoid": Way(1, (UP, LAST, SIGMOID)),
    "channels last, bias, sigmoid": Way(1, (UP, LAST, step("Add", "bias1"), SIGMOID)),
    "sigmoid, channels last without a batch": Way(1, (UP, LAST, SIGMOID, step("Squeeze", "axis0"))),
    "sigmoid, reshaped to channels last": Way(1, (UP, SIGMOID, step("Reshape", "last"))),
    "sigmoid, reshaped to three axes": Way(1, (UP, step("Reshape", "flat"), SIGMOID)),
    "hard sigmoid": Way(1, (UP, step("HardSigmoid", alpha=1 / 6, beta=0.5))),
    "sigmoid, threshold, bytes": Way(1, (UP, SIGMOID, step("Greater", "half"), TO_BYTES), TensorProto.UINT8),
    "threshold of logits, floats": Way(1, (UP, step("Greater", "zero"), TO_FLOAT)),
    "sigmoid, rounded": Way(1, (UP, SIGMOID, step("Round"))),
    "sigmoid written out": Way(1, (UP, step("Neg"), step("Exp"), step("Add", "one"), step("Reciprocal"))),
}
TWO_CLASSES = {
    "scores": Way(2, (UP2,)),
    "softmax": Way(2, (UP2, step("Softmax", axis=1))),
    "channels last": Way(2, (UP2, LAST)),
    "channels last, then bias": Way(2, (UP2, LAST, step("Add", "bias2"))),
    "channels last, bias, softmax": Way(2, (UP2, LAST, step("Add", "bias2"), step("Softmax", axis=-1))),
    "softmax, channels last": Way(2, (UP2, step("Softmax", axis=1), LAST)),
    "channels last without a batch": Way(2, (UP2, LAST, step("Squeeze", "axis0"))),
    "without a batch": Way(2, (UP2, step("Squeeze", "axis0"))),
    "argmax": Way(2, (UP2, step("ArgMax", axis=1, keepdims=0)), TensorProto.INT64),
    "argmax, channels last": Way(2, (UP2, LAST, step("ArgMax", axis=-1)), TensorProto.INT64),
    "two sigmoids": Way(2, (UP2, SIGMOID)),
}
WAYS = {f"one class: {name}": way for name, way in ONE_CLASS.items()} | TWO_CLASSES


def write(folder: Path, way: Way, change: Callable[[onnx.ModelProto], None] | None = None) -> Path:
    """A network that takes colours 0..255 as `x` (1, 3, 64, 64) and ends in this way: what is redder than 127 wins."""
    colours = np.zeros((way.channels, 3, 1, 1), np.float32)
    colours[-1, 0] = 1 / 16
    bias = np.zeros(way.channels, np.float32)
    bias[-1] = -127 / 16
    nodes = [helper.make_node("Conv", ["x", "colours", "bias"], ["s0"], strides=[2, 2])]
    for number, (op, inputs, attributes) in enumerate(way.steps):
        nodes.append(helper.make_node(op, [f"s{number}", *inputs], [f"s{number + 1}"], **attributes))
    nodes[-1].output[0] = "mask"
    used = {name for node in nodes for name in node.input}
    weights = {"colours": colours, "bias": bias} | {name: value for name, value in CONSTANTS.items() if name in used}
    graph = helper.make_graph(
        nodes,
        "ways",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("mask", way.kind, None)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    if change is not None:
        change(model)
    file = folder / "network.onnx"
    onnx.save(model, str(file))
    return file

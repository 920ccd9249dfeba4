"""Graphs of a few nodes, and what they give."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

SHAPE = (96, 128)


def scores(model: onnx.ModelProto, output: str = "output") -> np.ndarray:
    blob = np.random.RandomState(0).uniform(0, 255, (1, 3, *SHAPE)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run([output], {"input": blob})[0])


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def small(nodes: list[onnx.NodeProto], output: str, **weights: np.ndarray) -> onnx.ModelProto:
    """A network of `input` (1, 3, 96, 128)."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, *SHAPE])],
        [helper.make_empty_tensor_value_info(output)],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    return onnx.shape_inference.infer_shapes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    )


def chain(length: int = 4) -> onnx.ModelProto:
    """`input` -> Relu -> ... -> `output`, each named by its place."""
    names = ["input", *(f"t{place}" for place in range(length - 1)), "output"]
    nodes = [helper.make_node("Relu", [names[n]], [names[n + 1]], name=f"n{n}") for n in range(length)]
    return small(nodes, "output")


def kernel(rows: int, columns: int) -> np.ndarray:
    return np.random.RandomState(rows).randn(rows, columns, 1, 1).astype(np.float32)

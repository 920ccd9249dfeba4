"""An ONNX graph: who makes and reads a tensor, how large it is, and how its weights are stored."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from deeplab_cv.networks.onnx_file import save_onnx

Node = Any
GraphProto = Any

HALF_FROM = 1024
"""Tensors of fewer numbers stay float32: they hold offsets and fine detail, and nearly no bytes."""


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with its constants computed and every bound of a Clip an initializer.

    OpenCV's classic importer takes the bounds of a Clip from initializers only, not from Constant nodes.
    """
    import onnxslim

    slimmed: onnx.ModelProto = onnxslim.slim(model)
    onnx.checker.check_model(slimmed, full_check=True)
    return slimmed


def store_half(model: onnx.ModelProto) -> None:
    """Store large weights as float16 where that is exact, each followed by a Cast to float32: half the file."""
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < HALF_FROM:
            continue
        half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}_half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}_half"], [name], name=f"{name}_cast", to=1))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)


def store_float32(model: onnx.ModelProto) -> None:
    """Undo `store_half`: whole float32 weights and no Cast."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for cast in _weight_casts(model.graph):
        tensor = stored[cast.input[0]]
        values = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, cast.output[0]))
        model.graph.node.remove(cast)


def float_weights(graph: GraphProto) -> dict[str, NDArray[np.float32]]:
    """All constants as float32 by name; those of `store_half` under their whole weight's name as well."""
    stored = {tensor.name: numpy_helper.to_array(tensor).astype(np.float32) for tensor in graph.initializer}
    return stored | {cast.output[0]: stored[cast.input[0]] for cast in _weight_casts(graph)}


def _weight_casts(graph: GraphProto) -> list[Node]:
    names = {tensor.name for tensor in graph.initializer}
    return [node for node in graph.node if node.op_type == "Cast" and node.input[0] in names]


def save_graph(model: onnx.ModelProto, path: Path, facts: Mapping[str, Any]) -> None:
    """Write one file, whole or not at all, with `facts` in its metadata_props."""
    onnx.helper.set_model_props(model, {key: str(value) for key, value in facts.items()})
    onnx.checker.check_model(model, full_check=True)
    save_onnx(model, path)


def producer(graph: GraphProto, name: str) -> Node | None:
    """The node that makes a tensor; None for inputs and weights."""
    return next((node for node in graph.node if name in node.output), None)


def consumers(graph: GraphProto, name: str) -> list[Node]:
    """The nodes that read a tensor."""
    return [node for node in graph.node if name in node.input]


def weight(graph: GraphProto, name: str) -> NDArray[Any] | None:
    """A constant's values; None for a tensor that is computed."""
    found = next((tensor for tensor in graph.initializer if tensor.name == name), None)
    return None if found is None else numpy_helper.to_array(found)


def add_weight(graph: GraphProto, name: str, values: NDArray[Any]) -> str:
    """Store a constant under a name that no other has; returns the name."""
    taken = {tensor.name for tensor in graph.initializer}
    while name in taken:
        name += "_"
    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
    return name


def free_name(graph: GraphProto, name: str) -> str:
    """A name that no tensor of the graph has: this one, or with as many _ behind it as it takes."""
    taken = {each for node in graph.node for each in (*node.input, *node.output)}
    taken |= {value.name for value in (*graph.input, *graph.output, *graph.initializer)}
    while name in taken:
        name += "_"
    return name


def add_node(graph: GraphProto, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
    """Append a node of one output; returns the output's name."""
    name = free_name(graph, f"{inputs[0]}_{kind.lower()}")
    graph.node.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
    return name


def rename(graph: GraphProto, name: str, new: str) -> None:
    """Give a tensor that nodes make another name; a tensor that has it becomes NEW_before."""
    if name == new:
        return
    other = free_name(graph, f"{new}_before")
    for node in graph.node:
        for names in (node.input, node.output):
            for position, each in enumerate(names):
                if each in {name, new}:
                    names[position] = new if each == name else other


def attribute(node: Node, name: str, default: Any = None) -> Any:
    """The value of a node's attribute."""
    found = next((each for each in node.attribute if each.name == name), None)
    return default if found is None else helper.get_attribute_value(found)


def known_values(model: onnx.ModelProto) -> list[Any]:
    """What is known of each tensor, as onnx.ValueInfoProto, as far as it can be inferred."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    return [*graph.value_info, *graph.input, *graph.output]


def sizes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Shapes by tensor name as far as they can be inferred; 0 for a side that is open."""
    return {value.name: size_of(value) for value in known_values(model)}


def size_of(value: Any) -> tuple[int, ...]:
    """The shape in an onnx.ValueInfoProto; 0 for a side that is open, () where nothing is known."""
    return tuple(side.dim_value for side in value.type.tensor_type.shape.dim)


def computes_in_half(model: onnx.ModelProto) -> bool:
    """Whether the network's convolutions compute in float16; weights alone may be stored so and widened when read."""
    half = {tensor.name for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT16}
    return any(node.op_type == "Conv" and node.input[1] in half for node in model.graph.node)


def main_output(graph: GraphProto) -> str:
    """The name of the output that holds the scores: the one called so, else the first."""
    names = [value.name for value in graph.output]
    return next((name for name in ("output", "out", "logits") if name in names), names[0])


def drop_dead(graph: GraphProto) -> None:
    """Remove nodes and weights whose results reach no output."""
    needed = {value.name for value in graph.output}
    for node in reversed(list(graph.node)):
        if needed.intersection(node.output):
            needed.update(node.input)
        else:
            graph.node.remove(node)
    for tensor in [each for each in graph.initializer if each.name not in needed]:
        graph.initializer.remove(tensor)

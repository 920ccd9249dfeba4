"""Turns what stands before a network proper into this program's form: float32 (1, 3, height, width), and no weights."""

from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from deeplab_cv.errors import NetworkError, UsageError, as_typed
from deeplab_cv.networks.card import InputFacts
from deeplab_cv.networks.onnx_graph import GraphProto, Node, attribute, consumers, free_name

_BYTES = {TensorProto.UINT8, TensorProto.INT8}
_CASTABLE = {TensorProto.FLOAT16, TensorProto.DOUBLE, *_BYTES}
_PLAIN = ((0, 0, 0), (1, 1, 1))


def weights_off_the_inputs(model: onnx.ModelProto) -> bool:
    """Weights that are listed as inputs as well become weights alone; whether there were any."""
    stored = {tensor.name for tensor in model.graph.initializer}
    listed = [value for value in model.graph.input if value.name in stored]
    for value in listed:
        model.graph.input.remove(value)
    return bool(listed)


def check_one_input(model: onnx.ModelProto, file: Path) -> None:
    """Raises NetworkError for a network that takes no picture, or more than one thing."""
    count = len(model.graph.input)
    if count != 1:
        raise NetworkError(f"expected one input, got {count}", file, "name a segmentation network")


def check_picture(model: onnx.ModelProto, file: Path) -> None:
    """Raises NetworkError for an input that is not (1, 3, height, width)."""
    value = model.graph.input[0]
    sides = value.type.tensor_type.shape.dim
    if len(sides) != 4 or sides[1].dim_value != 3:
        where = f"{as_typed(file)}, {value.name}"
        raise NetworkError("the input is no picture of three colours", where, "name a segmentation network")


def check_plain_bytes(model: onnx.ModelProto, file: Path, facts: InputFacts) -> None:
    """Raises UsageError where the network takes bytes as they come, and mean and std are said that change them."""
    kind = model.graph.input[0].type.tensor_type.elem_type
    if kind in _BYTES and (facts.mean or _PLAIN[0], facts.std or _PLAIN[1]) != _PLAIN:
        raise UsageError("the network takes plain bytes", file, "say --mean 0,0,0 --std 1,1,1")


def take_floats(model: onnx.ModelProto) -> bool:
    """Turn an input of bytes, halves or doubles into one of float32, cast at once; whether it was one.

    Raises NetworkError for an input of another type.
    """
    graph = model.graph
    value = graph.input[0]
    kind = value.type.tensor_type.elem_type
    if kind == TensorProto.FLOAT:
        return False
    if kind not in _CASTABLE:
        name = TensorProto.DataType.Name(kind).lower()
        raise NetworkError(f"the network takes {name}", value.name, "export it again in float32")
    readers = consumers(graph, value.name)
    if readers and all(node.op_type == "Cast" and attribute(node, "to") == TensorProto.FLOAT for node in readers):
        for node in readers:
            # Kept as a step that does nothing, which simplifying removes, so that no name changes.
            node.op_type = "Identity"
            del node.attribute[:]
    else:
        cast = free_name(graph, f"{value.name}_cast")
        _read_instead(readers, value.name, cast)
        graph.node.insert(0, helper.make_node("Cast", [value.name], [cast], name=cast, to=kind))
    value.type.tensor_type.elem_type = TensorProto.FLOAT
    del graph.value_info[:]
    return True


def take_channels_first(model: onnx.ModelProto) -> bool:
    """Turn an input (1, height, width, 3) into (1, 3, height, width); whether it was one."""
    graph = model.graph
    value = graph.input[0]
    sides = value.type.tensor_type.shape.dim
    if len(sides) != 4 or sides[3].dim_value != 3 or sides[1].dim_value == 3:
        return False
    size = [(side.dim_value or side.dim_param) for side in sides]
    kind = value.type.tensor_type.elem_type
    turned = helper.make_tensor_value_info(value.name, kind, [size[0], 3, size[1], size[2]])
    readers = consumers(graph, value.name)
    if readers and all(_turns_first(node) for node in readers):
        # The graph's own first step was this very turn.
        for node in readers:
            _drop(graph, node)
    else:
        inner = free_name(graph, f"{value.name}_channels_last")
        _read_instead(readers, value.name, inner)
        turn = helper.make_node("Transpose", [value.name], [inner], perm=[0, 2, 3, 1], name=f"{inner}_turn")
        graph.node.insert(0, turn)
    graph.input.remove(value)
    graph.input.insert(0, turned)
    del graph.value_info[:]
    return True


def _drop(graph: GraphProto, node: Node) -> None:
    """Take a node of one input out; whoever read its output reads its input."""
    made, taken = node.output[0], node.input[0]
    if made in {value.name for value in graph.output}:
        node.op_type = "Identity"
        del node.attribute[:]
        return
    _read_instead(consumers(graph, made), made, taken)
    graph.node.remove(node)


def _read_instead(readers: list[Any], name: str, other: str) -> None:
    for reader in readers:
        for position, each in enumerate(reader.input):
            if each == name:
                reader.input[position] = other


def _turns_first(node: Node) -> bool:
    return bool(node.op_type == "Transpose" and list(attribute(node, "perm", ())) == [0, 3, 1, 2])

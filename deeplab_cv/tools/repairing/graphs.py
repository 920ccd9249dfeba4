"""Reading and changing an ONNX graph: who makes a tensor, who reads it, how large it is."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Node = Any
Graph = Any


def producer(graph: Graph, name: str) -> Node | None:
    """The node that makes a tensor; None for inputs and weights."""
    return next((node for node in graph.node if name in node.output), None)


def consumers(graph: Graph, name: str) -> list[Node]:
    """The nodes that read a tensor."""
    return [node for node in graph.node if name in node.input]


def weight(graph: Graph, name: str) -> NDArray[Any] | None:
    """A constant's values; None for a tensor that is computed."""
    found = next((tensor for tensor in graph.initializer if tensor.name == name), None)
    return None if found is None else numpy_helper.to_array(found)


def add_weight(graph: Graph, name: str, values: NDArray[Any]) -> str:
    """Store a constant under a name that no other has; returns the name."""
    taken = {tensor.name for tensor in graph.initializer}
    while name in taken:
        name += "_"
    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
    return name


def attribute(node: Node, name: str, default: Any = None) -> Any:
    """The value of a node's attribute."""
    found = next((each for each in node.attribute if each.name == name), None)
    return default if found is None else helper.get_attribute_value(found)


def sizes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Shapes by tensor name as far as they can be inferred; 0 for a side that is open."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    return {
        value.name: tuple(side.dim_value for side in value.type.tensor_type.shape.dim)
        for value in (*graph.value_info, *graph.input, *graph.output)
    }


def in_order(graph: Graph) -> None:
    """Sort the nodes so that each stands after those whose results it reads."""
    waiting, done = list(graph.node), {value.name for value in (*graph.input, *graph.initializer)} | {""}
    ordered = []
    while waiting:
        ready = [node for node in waiting if done.issuperset(node.input)]
        if not ready:
            break
        ordered += ready
        done.update(name for node in ready for name in node.output)
        waiting = [node for node in waiting if node not in ready]
    del graph.node[:]
    graph.node.extend(ordered + waiting)

"""The traps that published DeepLab files hold, each with what it does to the mask, and how it is mended.

A mend changes a model in place and says whether there was anything to mend. None changes the scores but by rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from deeplab_cv.networks.node_order import in_order
from deeplab_cv.networks.onnx_graph import (
    GraphProto,
    Node,
    add_weight,
    attribute,
    consumers,
    producer,
    sizes,
    weight,
)


@dataclass(frozen=True)
class Mend:
    """A trap and its mend.

    Attributes:
        name: the trap in a few words.
        harm: what it does to the mask, and where.
        apply: mends a model in place; whether there was anything to mend.
    """

    name: str
    harm: str
    apply: Callable[[onnx.ModelProto], bool]


def mend_resized_pooling(model: onnx.ModelProto) -> bool:
    """W [b; p] = Wb b + Wp p: the projection after the concatenation is split, the pooled pixel broadcast."""
    graph, shapes = model.graph, sizes(model)
    mended = False
    for resize in [node for node in graph.node if node.op_type in {"Resize", "Upsample"}]:
        if shapes.get(resize.input[0], ())[2:] != (1, 1):
            continue
        place = _projection_after(graph, resize, shapes)
        if place is None:
            continue
        _split_projection(graph, resize, *place)
        mended = True
    if mended:
        # What was inferred for the concatenation no longer holds.
        del graph.value_info[:]
    in_order(graph)
    return mended


def mend_added_pooling(model: onnx.ModelProto) -> bool:
    """a + p -> a - (-p) for a pooled pixel p, with the negation in the weights of the convolution that makes p."""
    graph, shapes = model.graph, sizes(model)
    mended = False
    for node in [node for node in graph.node if node.op_type == "Add"]:
        ranks = [shapes.get(name, ()) for name in node.input]
        if any(len(shape) != 4 for shape in ranks) or (ranks[0][2:] == (1, 1)) == (ranks[1][2:] == (1, 1)):
            continue
        pooled, local = node.input if ranks[0][2:] == (1, 1) else (node.input[1], node.input[0])
        _negate(graph, pooled, node)
        node.op_type = "Sub"
        del node.input[:]
        node.input.extend([local, f"{pooled}_negated"])
        mended = True
    in_order(graph)
    return mended


def mend_hard_sigmoid(model: onnx.ModelProto) -> bool:
    """Leave out a HardSigmoid's beta of 0.5, which is the default: OpenCV then takes it for what it is."""
    mended = False
    for node in model.graph.node:
        for entry in [each for each in node.attribute if each.name == "beta"]:
            if node.op_type == "HardSigmoid" and entry.f == 0.5:
                node.attribute.remove(entry)
                mended = True
    return mended


def mend_clip_bounds(model: onnx.ModelProto) -> bool:
    """Bounds of a Clip from Constant nodes become initializers."""
    graph = model.graph
    constants = {node.output[0]: node for node in graph.node if node.op_type == "Constant"}
    mended = False
    for node in [node for node in graph.node if node.op_type == "Clip"]:
        for name in node.input[1:]:
            constant = constants.pop(name, None)
            if constant is None:
                continue
            tensor, number = attribute(constant, "value"), attribute(constant, "value_float")
            values = np.asarray(number, np.float32) if tensor is None else onnx.numpy_helper.to_array(tensor)
            graph.initializer.append(onnx.numpy_helper.from_array(values, name))
            graph.node.remove(constant)
            mended = True
    return mended


def mend_open_batch(model: onnx.ModelProto) -> bool:
    """An open or larger batch becomes one picture."""
    mended = False
    for value in (*model.graph.input, *model.graph.output):
        sides = value.type.tensor_type.shape.dim
        if len(sides) and sides[0].dim_value != 1:
            sides[0].Clear()
            sides[0].dim_value = 1
            mended = True
    if mended:
        del model.graph.value_info[:]
    return mended


MENDS = (
    Mend("open batch", "OpenCV plans for a batch of 0 or refuses the file", mend_open_batch),
    Mend(
        "image pooling resized from one pixel",
        "OpenCV 5.0's new engine reads beside it: noise all over the mask, another at every start",
        mend_resized_pooling,
    ),
    Mend(
        "image pooling added",
        "OpenCV 5.0's new engine fuses the addition into a convolution and then refuses the network",
        mend_added_pooling,
    ),
    Mend(
        "HardSigmoid with a beta of 0.5",
        "OpenCV multiplies by the wrong gate: hardly a pixel keeps its class, and no error is shown",
        mend_hard_sigmoid,
    ),
    Mend("bounds of Clip from Constant nodes", "OpenCV's classic engine refuses the network", mend_clip_bounds),
)


def _projection_after(
    graph: GraphProto, resize: Node, shapes: dict[str, tuple[int, ...]]
) -> tuple[Node, Node, tuple[int, int]] | None:
    """The concatenation and 1x1 convolution that a resized pixel goes into, and its channels there."""
    readers = consumers(graph, resize.output[0])
    if len(readers) != 1 or readers[0].op_type != "Concat":
        return None
    concat = readers[0]
    after = consumers(graph, concat.output[0])
    kernel = weight(graph, after[0].input[1]) if len(after) == 1 and after[0].op_type == "Conv" else None
    channels = [shapes.get(name, (0, 0))[1] for name in concat.input]
    if kernel is None or kernel.shape[2:] != (1, 1) or attribute(after[0], "group", 1) != 1 or not all(channels):
        return None
    position = list(concat.input).index(resize.output[0])
    start = sum(channels[:position])
    return concat, after[0], (start, start + channels[position])


def _split_projection(
    graph: GraphProto, resize: Node, concat: Node, projection: Node, channels: tuple[int, int]
) -> None:
    kernel = weight(graph, projection.input[1])
    if kernel is None:
        return
    start, end = channels
    target = projection.output[0]
    local_kernel = np.delete(kernel, np.s_[start:end], axis=1)
    local = add_weight(graph, f"{projection.input[1]}_local", local_kernel)
    pooled = add_weight(graph, f"{projection.input[1]}_negated", -kernel[:, start:end])
    rest = [name for name in concat.input if name != resize.output[0]]
    del concat.input[:]
    concat.input.extend(rest)
    projection.input[1] = local
    projection.output[0] = f"{target}_local"
    graph.node.append(
        helper.make_node("Conv", [resize.input[0], pooled], [f"{target}_pooled"], name=f"{target}_pooling")
    )
    graph.node.append(
        helper.make_node("Sub", [f"{target}_local", f"{target}_pooled"], [target], name=f"{target}_joining")
    )
    graph.node.remove(resize)


def _negate(graph: GraphProto, name: str, reader: Node) -> None:
    """Make NAME_negated: by the weights of the convolution behind NAME where only `reader` reads it, else by Neg."""
    maker = producer(graph, name)
    kernels = [weight(graph, each) for each in maker.input[1:]] if maker is not None and maker.op_type == "Conv" else []
    if maker is None or not kernels or any(each is None for each in kernels) or consumers(graph, name) != [reader]:
        graph.node.append(helper.make_node("Neg", [name], [f"{name}_negated"], name=f"{name}_negating"))
        return
    for position, values in enumerate(kernels, start=1):
        if values is not None:
            maker.input[position] = add_weight(graph, f"{maker.input[position]}_negated", -values)
    maker.output[0] = f"{name}_negated"

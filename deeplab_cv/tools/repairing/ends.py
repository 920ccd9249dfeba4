"""What stands before and after the network proper: colours last, argmax, softmax, the last upsampling."""

from dataclasses import dataclass

import onnx
from onnx import TensorProto, helper

from deeplab_cv.errors import NetworkError
from deeplab_cv.networks.onnx_graph import (
    GraphProto,
    Node,
    attribute,
    consumers,
    drop_dead,
    in_order,
    main_output,
    producer,
    sizes,
)

AFTER_SCORES = {"ArgMax", "Cast", "Squeeze", "Unsqueeze", "Softmax", "LogSoftmax", "Identity"}
"""What may be cut behind the scores: the greatest of them stays the greatest."""


@dataclass(frozen=True)
class Cut:
    """What was cut behind the scores.

    Attributes:
        scores: the tensor that is the output now, by its name in the file as it came.
        words: what was cut, in plain words.
        align_corners: how the upsampling that was cut laid its corners; None where there was none.
        channels_last: the scores were channels last where they were cut.
    """

    scores: str
    words: tuple[str, ...]
    align_corners: bool | None


def weights_off_the_inputs(model: onnx.ModelProto) -> bool:
    """Weights that are listed as inputs as well become weights alone; whether there were any."""
    stored = {tensor.name for tensor in model.graph.initializer}
    listed = [value for value in model.graph.input if value.name in stored]
    for value in listed:
        model.graph.input.remove(value)
    return bool(listed)


def take_floats(model: onnx.ModelProto) -> bool:
    """Turn an input of bytes or halves into one of float32, where a Cast makes it that at once; whether it was one.

    Raises NetworkError where the network itself computes in another type.
    """
    graph = model.graph
    value = graph.input[0]
    kind = value.type.tensor_type.elem_type
    if kind == TensorProto.FLOAT:
        return False
    readers = consumers(graph, value.name)
    if not readers or any(node.op_type != "Cast" or attribute(node, "to") != TensorProto.FLOAT for node in readers):
        name = TensorProto.DataType.Name(kind).lower()
        raise NetworkError(f"the network computes in {name}", value.name, "export it again in float32")
    for node in readers:
        # Kept as a step that does nothing, which simplifying removes, so that no name changes.
        node.op_type = "Identity"
        del node.attribute[:]
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
    turned = helper.make_tensor_value_info(value.name, TensorProto.FLOAT, [size[0], 3, size[1], size[2]])
    inner = f"{value.name}_channels_last"
    readers = consumers(graph, value.name)
    if readers and all(_turns_first(node) for node in readers):
        # The graph's own first step was this very turn.
        for node in readers:
            for reader in [each for each in graph.node if node.output[0] in each.input]:
                names = [value.name if name == node.output[0] else name for name in reader.input]
                del reader.input[:]
                reader.input.extend(names)
            graph.node.remove(node)
    else:
        for reader in readers:
            names = [inner if name == value.name else name for name in reader.input]
            del reader.input[:]
            reader.input.extend(names)
        turn = helper.make_node("Transpose", [value.name], [inner], perm=[0, 2, 3, 1], name=f"{inner}_turn")
        graph.node.insert(0, turn)
    graph.input.remove(value)
    graph.input.insert(0, turned)
    del graph.value_info[:]
    return True


def cut_after_scores(model: onnx.ModelProto) -> Cut:
    """Make the scores at the head's own stride the only output, `output`, cutting what stands behind them."""
    graph, shapes = model.graph, sizes(model)
    name = main_output(graph)
    words: list[str] = []
    align_corners = None
    while (node := producer(graph, name)) is not None:
        if node.op_type in AFTER_SCORES:
            if node.op_type in {"ArgMax", "Softmax", "LogSoftmax"}:
                words.append(node.op_type.lower())
        elif _turns_last(node):
            words.append("channels last")
        elif _upsamples(node, shapes):
            align_corners = _aligned(node)
            words.append("the last upsampling")
        else:
            break
        name = node.input[0]
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("output", TensorProto.FLOAT, None))
    _rename(graph, name, "output")
    drop_dead(graph)
    in_order(graph)
    return Cut(name, tuple(reversed(words)), align_corners)


def _turns_first(node: Node) -> bool:
    return node.op_type == "Transpose" and list(attribute(node, "perm", ())) == [0, 3, 1, 2]


def _turns_last(node: Node) -> bool:
    return node.op_type == "Transpose" and list(attribute(node, "perm", ())) == [0, 2, 3, 1]


def _upsamples(node: Node, shapes: dict[str, tuple[int, ...]]) -> bool:
    mode = attribute(node, "mode", b"nearest")
    before, after = shapes.get(node.input[0], ()), shapes.get(node.output[0], ())
    grows = len(before) != 4 or len(after) != 4 or 0 in after[2:] or after[2] > before[2]
    return node.op_type in {"Resize", "Upsample"} and mode == b"linear" and grows


def _aligned(node: Node) -> bool:
    return bool(attribute(node, "coordinate_transformation_mode", b"half_pixel") == b"align_corners")


def _rename(graph: GraphProto, name: str, new: str) -> None:
    if name == new:
        return
    for node in graph.node:
        for position, each in enumerate(node.input):
            if each in {name, new}:
                node.input[position] = new if each == name else f"{new}_before"
        for position, each in enumerate(node.output):
            if each in {name, new}:
                node.output[position] = new if each == name else f"{new}_before"

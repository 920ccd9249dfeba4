"""Rewrites dilated convolutions that mostly multiply padding: the same scores from a fraction of the arithmetic.

A 3x3 convolution with dilation 24 on a map of 28x28 reaches beyond the map with most of its taps almost everywhere. It
is the sum of nine 1x1 convolutions, each on the slice of the map that its tap really reaches; those that reach nothing
fall away. Which engines gain is for each machine to measure (`engines.choice` times both graphs).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORTH_BELOW = 0.6
"""Share of a convolution's products that lie on the map, below which it is rewritten. Seen for DeepLabV3-MobileNetV3 at
448x448: rewriting dilation 12 as well (0.51) gains on OpenCV's new engine and costs nothing on the classic one."""


def rewrite_atrous(model: Any) -> bool:
    """Rewrite, in place, the dilated convolutions of an ONNX model of fixed size that mostly multiply padding.

    Args:
        model: onnx.ModelProto with inferred shapes.

    Returns:
        Whether there were any.
    """
    from onnx import helper

    from deeplab_cv.networks.onnx_graph import drop_dead, float_weights

    sizes = {
        value.name: tuple(dimension.dim_value for dimension in value.type.tensor_type.shape.dim[2:])
        for value in (*model.graph.input, *model.graph.value_info)
    }
    weights = float_weights(model.graph)
    nodes: list[Any] = []
    rewritten = False
    for node in model.graph.node:
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        size = sizes.get(node.input[0]) if node.op_type == "Conv" else None
        rate = _rate(attributes)
        if not size or rate is None or node.input[1] not in weights or _share_used(size, rate) > WORTH_BELOW:
            nodes.append(node)
            continue
        nodes.extend(_as_slices(node, weights[node.input[1]], size, rate, model.graph))
        rewritten = True
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    if rewritten:
        drop_dead(model.graph)
    return rewritten


def _rate(attributes: dict[str, Any]) -> int | None:
    """The dilation of a plain 3x3 convolution that keeps the map's size; None for any other."""
    rate: int = attributes.get("dilations", [1])[0]
    same = (
        list(attributes.get("dilations", ())) == [rate, rate]
        and list(attributes.get("pads", ())) == [rate] * 4
        and list(attributes.get("kernel_shape", ())) == [3, 3]
        and list(attributes.get("strides", (1, 1))) == [1, 1]
        and attributes.get("group", 1) == 1
    )
    return rate if same and rate > 1 else None


def _share_used(map_hw: tuple[int, int], rate: int) -> float:
    height, width = map_hw
    rows = height + 2 * max(0, height - rate)
    columns = width + 2 * max(0, width - rate)
    return rows * columns / (9 * height * width)


def _taps(map_hw: tuple[int, int], rate: int) -> Iterator[tuple[int, int, int, int]]:
    """Row and column of each tap that reaches the map, and its offset from the middle."""
    for row in range(3):
        for column in range(3):
            down, right = (row - 1) * rate, (column - 1) * rate
            if abs(down) < map_hw[0] and abs(right) < map_hw[1] and (down or right):
                yield row, column, down, right


def _as_slices(node: Any, kernel: NDArray[np.float32], map_hw: tuple[int, int], rate: int, graph: Any) -> Iterator[Any]:
    """The nodes that replace a convolution."""
    from onnx import helper, numpy_helper

    source, (target,) = node.input[0], node.output
    height, width = map_hw
    prefix = f"{target}_tap"

    def constant(name: str, values: NDArray[Any]) -> str:
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    taps = list(_taps(map_hw, rate))
    centre = constant(f"{prefix}_centre", kernel[:, :, 1:2, 1:2])
    summed = f"{prefix}_sum" if taps else target
    yield helper.make_node("Conv", [source, centre, *node.input[2:]], [summed], name=f"{prefix}_centre_conv")
    for number, (row, column, down, right) in enumerate(taps):
        name = f"{prefix}{number}"
        starts = np.array([max(0, down), max(0, right)], np.int64)
        ends = np.array([height + min(0, down), width + min(0, right)], np.int64)
        bounds = [constant(f"{name}_starts", starts), constant(f"{name}_ends", ends)]
        axes = constant(f"{name}_axes", np.array([2, 3], np.int64))
        yield helper.make_node("Slice", [source, *bounds, axes], [f"{name}_slice"], name=f"{name}_slicing")
        weight = constant(f"{name}_weight", kernel[:, :, row : row + 1, column : column + 1])
        yield helper.make_node("Conv", [f"{name}_slice", weight], [f"{name}_part"], name=f"{name}_conv")
        pads = [0, 0, max(0, -down), max(0, -right), 0, 0, max(0, down), max(0, right)]
        padding = constant(f"{name}_pads", np.array(pads, np.int64))
        yield helper.make_node("Pad", [f"{name}_part", padding], [f"{name}_padded"], name=f"{name}_padding")
        total = target if number == len(taps) - 1 else f"{name}_sum"
        yield helper.make_node("Add", [summed, f"{name}_padded"], [total], name=f"{name}_adding")
        summed = total

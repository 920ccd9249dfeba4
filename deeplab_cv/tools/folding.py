"""Mean and standard deviation as part of a network: its input then takes plain colours 0..255."""

import copy
from typing import Any

import numpy as np
import onnx
from onnx import helper

from deeplab_cv.networks.onnx_graph import add_weight, attribute, consumers, store_float32, weight

Three = tuple[float, float, float]


def fold_normalisation(model: onnx.ModelProto, mean: Three, std: Three) -> bool:
    """Let a graph subtract the mean itself and carry the division by std in its first convolution.

    The mean is not folded into the convolution's bias: at the border the convolution pads with zeros, which must go on
    standing for the mean. Returns whether the graph begins with a plain convolution; otherwise it is left as it was.
    """
    graph = model.graph
    name = graph.input[0].name
    readers = consumers(graph, name)
    if len(readers) != 1 or readers[0].op_type != "Conv" or attribute(readers[0], "group", 1) != 1:
        return False
    first = readers[0]
    unpacked = copy.deepcopy(model)
    store_float32(unpacked)
    kernel = weight(unpacked.graph, first.input[1])
    if kernel is None or kernel.shape[1] != 3:
        return False
    store_float32(model)
    first.input[1] = add_weight(graph, f"{first.input[1]}_by_std", kernel / _per_channel(std, kernel.dtype))
    if any(mean):
        offset = add_weight(graph, f"{name}_mean", _per_channel(mean, kernel.dtype))
        first.input[0] = f"{name}_centred"
        graph.node.insert(0, helper.make_node("Sub", [name, offset], [first.input[0]], name="centring"))
    return True


def _per_channel(values: Three, dtype: Any) -> Any:
    return np.array(values, dtype).reshape(1, 3, 1, 1)

"""How much a graph multiplies."""

import math

import onnx

from deeplab_cv.networks.onnx_graph import sizes


def gmac(model: onnx.ModelProto) -> float:
    """Billions of multiplications and additions in the convolutions of a graph of fixed size."""
    graph, shapes = model.graph, sizes(model)
    kernels = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    # Weights stored as float16 or int8 stand before a Cast or DequantizeLinear.
    kernels |= {node.output[0]: kernels[node.input[0]] for node in graph.node if _unpacks(node, kernels)}
    total = 0
    for node in graph.node:
        if node.op_type == "Conv" and node.input[1] in kernels and node.output[0] in shapes:
            total += math.prod(shapes[node.output[0]]) * math.prod(kernels[node.input[1]][1:])
    return total / 1e9


def _unpacks(node: onnx.NodeProto, kernels: dict[str, tuple[int, ...]]) -> bool:
    return node.op_type in {"Cast", "DequantizeLinear"} and node.input[0] in kernels

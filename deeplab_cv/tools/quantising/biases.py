"""Moves the biases of an int8 network so that no channel is too large or too small on the average.

Rounded weights err in one direction for all pictures, and the error grows from layer to layer; it is large in depthwise
layers, where few weights make a sum. Source: Nagel et al., "Data-free quantization through weight equalization and
bias correction", 2019, section 4.2, with the means seen on pictures.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from deeplab_cv.engines.engine import Blob
from deeplab_cv.tools.reference import reference_session

Means = NDArray[np.float32]
"""The mean of each channel over pictures, rows and columns: float32 (channels,)."""


def correct_biases(float_file: Path, int8_file: Path, blobs: Sequence[Blob]) -> None:
    """Rewrite the int8 file: its convolutions have the float network's mean in every channel, as seen on `blobs`.

    One layer after the other in the network's order, since what a layer is corrected by changes all behind it.
    """
    wanted = _float_means(float_file, blobs)
    model = onnx.load(int8_file)
    makers = {output: node for node in model.graph.node for output in node.output}
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in _convolutions(model):
        if node.name in wanted and len(node.input) > 2:
            error = _means(model, [node.output[0]], blobs)[node.output[0]] - wanted[node.name]
            _lower(node.input[2], error, makers, tensors)
    onnx.save(model, str(int8_file))


def _float_means(file: Path, blobs: Sequence[Blob]) -> dict[str, Means]:
    """What the convolutions give in the float network, by their nodes' names, which the quantiser keeps."""
    model = onnx.load(file)
    names = {node.output[0]: node.name for node in _convolutions(model)}
    return {names[output]: means for output, means in _means(model, list(names), blobs).items()}


def _convolutions(model: onnx.ModelProto) -> Iterable[NodeProto]:
    """In the network's order."""
    return [node for node in model.graph.node if node.op_type == "Conv"]


def _means(model: onnx.ModelProto, outputs: Sequence[str], blobs: Sequence[Blob]) -> dict[str, Means]:
    """The means of some tensors of a network; nothing behind them is computed."""
    probed = onnx.ModelProto()
    probed.CopyFrom(model)
    del probed.graph.output[:]
    for number, output in enumerate(outputs):
        probed.graph.node.append(helper.make_node("GlobalAveragePool", [output], [f"mean {number}"]))
        probed.graph.output.append(helper.make_tensor_value_info(f"mean {number}", TensorProto.FLOAT, None))
    session = reference_session(probed)
    name = session.get_inputs()[0].name
    sums = [np.sum(of_one, axis=0) for of_one in zip(*(session.run(None, {name: blob}) for blob in blobs), strict=True)]
    return {output: total.ravel() / len(blobs) for output, total in zip(outputs, sums, strict=True)}


def _lower(bias: str, by: Means, makers: Mapping[str, NodeProto], tensors: Mapping[str, TensorProto]) -> None:
    """Take a value for each channel from a bias, which is float or, behind a DequantizeLinear, int32."""
    if bias in tensors:
        lowered = numpy_helper.to_array(tensors[bias]) - by
        tensors[bias].CopyFrom(numpy_helper.from_array(lowered.astype(np.float32), bias))
        return
    rounded, scale = makers[bias].input[:2]
    steps = np.round(by / numpy_helper.to_array(tensors[scale])).astype(np.int64)
    lowered = numpy_helper.to_array(tensors[rounded]) - steps
    tensors[rounded].CopyFrom(numpy_helper.from_array(lowered.astype(np.int32), rounded))

"""Scales of int8 weights for processors without VNNI: they sum pairs of products in 16 bits and cut off what is larger.

ONNX Runtime's `reduce_range` gives every weight 7 bits, so that two of the largest may meet. They seldom do: a channel
needs only to be small enough for the two largest that are really multiplied together.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

LARGEST_SUM = 127
"""Of two weights of one sign, 128 when both are rounded up: an activation is at most 255, and 255 x 128 < 2^15."""

MULTIPLIED_TOGETHER = 4
"""Neighbouring input channels that ONNX Runtime and OpenVINO load at once, and sum in pairs."""

Overrides = dict[str, list[dict[str, Any]]]
"""What ONNX Runtime's quantiser calls TensorQuantOverrides: a tensor's settings, one for each output channel."""


def scales_within_16_bits(float_file: Path, left_float: Sequence[str]) -> Overrides:
    """The scale of each output channel of the weights of all convolutions but those in `left_float`."""
    graph = onnx.load(float_file).graph
    kernels = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    names = [node.input[1] for node in graph.node if node.op_type == "Conv" and node.name not in left_float]
    zero = np.array(0, np.int8)
    return {
        name: [{"axis": 0, "scale": np.array(scale), "zero_point": zero} for scale in scales(kernels[name])]
        for name in names
        if name in kernels
    }


def scales(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """The smallest scale of each output channel of a kernel (out, in, height, width) that keeps its sums whole.

    A depthwise convolution multiplies one weight at a time and has all 8 bits.
    """
    channels, inputs = kernel.shape[:2]
    # Inputs that do not fill the last load share it with the next tap's: there any two weights may meet.
    fills = inputs % MULTIPLIED_TOGETHER == 0
    together = 1 if inputs == 1 else MULTIPLIED_TOGETHER if fills else kernel[0].size
    loads = kernel.transpose(0, 2, 3, 1).reshape(channels, -1, together)
    smallest = np.maximum(_largest_pair(loads), _largest_pair(-loads)) / LARGEST_SUM
    # A channel of zeros has any scale but 0.
    return np.where(smallest > 0, smallest, 1).astype(np.float32)


def _largest_pair(loads: NDArray[np.float32]) -> NDArray[np.float32]:
    """The greatest sum of two positive weights of one load, or of one alone, for each output channel."""
    sums: NDArray[np.float32] = np.sort(np.maximum(loads, 0), axis=2)[:, :, -2:].sum(axis=2).max(axis=1)
    return sums

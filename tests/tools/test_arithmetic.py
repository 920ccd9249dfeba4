from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from deeplab_cv.networks.onnx_graph import store_half
from deeplab_cv.tools.arithmetic import gmac
from tests.tiny_networks import tiny_onnx


def test_multiplications_are_counted_by_hand(tmp_path: Path) -> None:
    # 12 x 16 cells, 3 colours to 21 classes by a 1x1 convolution.
    assert gmac(onnx.load(tiny_onnx(tmp_path, shape=(96, 128)))) == pytest.approx(12 * 16 * 3 * 21 / 1e9)


def convolution(channels: int, *, groups: int = 1, stride: int = 1) -> onnx.ModelProto:
    """A 3x3 convolution from `channels` to twice as many, on 16 x 8 pixels."""
    kernel = np.ones((2 * channels, channels // groups, 3, 3), np.float32)
    node = helper.make_node(
        "Conv", ["input", "kernel"], ["output"], group=groups, strides=[stride] * 2, pads=[1] * 4, kernel_shape=[3, 3]
    )
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, channels, 8, 16])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 2 * channels, 8 // stride, 16 // stride])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.mark.parametrize(
    ("model", "products"),
    [
        (convolution(4), 16 * 8 * 8 * 4 * 9),
        (convolution(4, groups=4), 16 * 8 * 8 * 1 * 9),
        (convolution(4, stride=2), 8 * 4 * 8 * 4 * 9),
    ],
    ids=["whole", "depthwise", "of stride 2"],
)
def test_a_convolution_multiplies_each_of_its_weights_for_each_output(model: onnx.ModelProto, products: int) -> None:
    assert gmac(model) == pytest.approx(products / 1e9)


def test_weights_stored_as_float16_count_as_they_are_used() -> None:
    model = convolution(16)
    expected = gmac(model)

    store_half(model)

    assert "Cast" in [node.op_type for node in model.graph.node]
    assert gmac(model) == expected > 0


def test_an_open_size_cannot_be_counted(tmp_path: Path) -> None:
    assert gmac(onnx.load(tiny_onnx(tmp_path))) == 0

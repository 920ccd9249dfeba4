from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from deeplab_cv.tools.quantising.sixteen_bits import scales, scales_within_16_bits


def rounded(kernel: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(kernel / scales(kernel).reshape(-1, 1, 1, 1)))


@pytest.mark.parametrize("shape", [(16, 64, 1, 1), (16, 8, 3, 3), (16, 3, 3, 3)])
def test_no_two_weights_that_are_multiplied_together_outgrow_16_bits(shape: tuple[int, ...]) -> None:
    weights = rounded(np.random.RandomState(0).randn(*shape).astype(np.float32)).transpose(0, 2, 3, 1)
    row = weights.reshape(shape[0], -1)

    neighbours = row[:, : row.shape[1] // 2 * 2].reshape(shape[0], -1, 2)
    assert all(255 * np.maximum(sign * neighbours, 0).sum(axis=2).max() < 2**15 for sign in (1, -1))


def test_a_large_weight_among_small_ones_keeps_eight_bits() -> None:
    kernel = np.full((1, 8, 1, 1), 0.001, np.float32)
    kernel[0, 2] = 1.0

    assert rounded(kernel).max() == 127


def test_two_large_weights_side_by_side_share_the_range() -> None:
    kernel = np.zeros((1, 8, 1, 1), np.float32)
    kernel[0, :2] = 1.0

    assert rounded(kernel).max() == 64


def test_depthwise_weights_keep_eight_bits() -> None:
    assert (np.abs(rounded(np.ones((4, 1, 3, 3), np.float32))) == 127).all()


def test_a_channel_of_zeros_has_a_scale() -> None:
    assert scales(np.zeros((2, 4, 1, 1), np.float32)).tolist() == [1, 1]


def test_layers_left_float_have_no_scale(tmp_path: Path) -> None:
    convolutions = [
        helper.make_node("Conv", ["input", "a"], ["between"], name="first"),
        helper.make_node("Conv", ["between", "b"], ["output"], name="last"),
    ]
    kernels = [numpy_helper.from_array(np.ones((4, 4, 1, 1), np.float32), name) for name in "ab"]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4, 8, 8]) for name in ("input", "output")]
    file = tmp_path / "two.onnx"
    onnx.save(helper.make_model(helper.make_graph(convolutions, "two", ends[:1], ends[1:], kernels)), str(file))

    assert list(scales_within_16_bits(file, ["last"])) == ["a"]

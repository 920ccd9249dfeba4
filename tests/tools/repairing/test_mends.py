"""Each trap: the mended graph is without it and gives the same scores; OpenCV is right where it was wrong."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

from deeplab_cv.networks.onnx_graph import simplified
from deeplab_cv.tools.repairing.ends import cut_after_scores, take_channels_first
from deeplab_cv.tools.repairing.mends import (
    mend_added_pooling,
    mend_clip_bounds,
    mend_hard_sigmoid,
    mend_open_batch,
    mend_resized_pooling,
)
from tests.tiny_networks import tiny_onnx

SHAPE = (96, 128)


def scores(model: onnx.ModelProto, output: str = "output") -> np.ndarray:
    blob = np.random.RandomState(0).uniform(0, 255, (1, 3, *SHAPE)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run([output], {"input": blob})[0])


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def small(nodes: list[onnx.NodeProto], output: str, **weights: np.ndarray) -> onnx.ModelProto:
    """A network of `input` (1, 3, 96, 128)."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, *SHAPE])],
        [helper.make_empty_tensor_value_info(output)],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    return onnx.shape_inference.infer_shapes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    )


def kernel(rows: int, columns: int) -> np.ndarray:
    return np.random.RandomState(rows).randn(rows, columns, 1, 1).astype(np.float32)


def test_pooling_resized_from_one_pixel_becomes_a_broadcast(tmp_path: Path) -> None:
    model = simplified(onnx.load(tiny_onnx(tmp_path, shape=SHAPE, resized_pooling=True)))
    expected = scores(model)

    assert mend_resized_pooling(model)

    onnx.checker.check_model(model, full_check=True)
    assert "Resize" not in kinds(model)
    assert kinds(model).count("Sub") == 1
    np.testing.assert_allclose(scores(model), expected, rtol=1e-4, atol=1e-3)


def test_added_pooling_becomes_a_subtraction() -> None:
    model = small(
        [
            helper.make_node("Conv", ["input", "a"], ["local"]),
            helper.make_node("GlobalAveragePool", ["input"], ["pixel"]),
            helper.make_node("Conv", ["pixel", "b"], ["pooled"]),
            helper.make_node("Add", ["local", "pooled"], ["output"]),
        ],
        "output",
        a=kernel(4, 3),
        b=kernel(4, 3),
    )
    expected = scores(model)

    assert mend_added_pooling(model)

    assert sorted(kinds(model)) == ["Conv", "Conv", "GlobalAveragePool", "Sub"]
    np.testing.assert_allclose(scores(model), expected, rtol=1e-4, atol=1e-3)


def test_an_addition_of_two_maps_is_left() -> None:
    model = small([helper.make_node("Add", ["input", "input"], ["output"])], "output")

    assert not mend_added_pooling(model)


def test_a_hard_sigmoid_s_default_beta_goes(tmp_path: Path) -> None:
    model = onnx.load(tiny_onnx(tmp_path, shape=SHAPE, squeezed=True))
    expected = scores(model)

    assert mend_hard_sigmoid(model)
    assert not mend_hard_sigmoid(model)

    np.testing.assert_array_equal(scores(model), expected)


def test_bounds_of_clip_become_initializers() -> None:
    bounds = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.array(value, np.float32)))
        for name, value in (("low", 0.0), ("high", 6.0))
    ]
    model = small([*bounds, helper.make_node("Clip", ["input", "low", "high"], ["output"])], "output")
    expected = scores(model)

    assert mend_clip_bounds(model)

    assert kinds(model) == ["Clip"]
    np.testing.assert_array_equal(scores(model), expected)


def test_an_open_batch_becomes_one() -> None:
    model = small([helper.make_node("Relu", ["input"], ["output"])], "output")
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"

    assert mend_open_batch(model)

    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1


@pytest.mark.parametrize("mode", ["half_pixel", "align_corners"])
def test_argmax_softmax_and_upsampling_are_cut_and_the_corners_remembered(mode: str) -> None:
    model = small(
        [
            helper.make_node("Conv", ["input", "a"], ["scores"], strides=[8, 8]),
            helper.make_node(
                "Resize",
                ["scores", "", "", "size"],
                ["large"],
                mode="linear",
                coordinate_transformation_mode=mode,
            ),
            helper.make_node("Softmax", ["large"], ["shares"], axis=1),
            helper.make_node("ArgMax", ["shares"], ["labels"], axis=1),
        ],
        "labels",
        a=kernel(4, 3),
        size=np.array([1, 4, *SHAPE]),
    )
    expected = scores(
        small([helper.make_node("Conv", ["input", "a"], ["s"], strides=[8, 8])], "s", a=kernel(4, 3)), "s"
    )

    cut = cut_after_scores(model)

    assert cut.words == ("the last upsampling", "softmax", "argmax")
    assert cut.align_corners == (mode == "align_corners")
    assert kinds(model) == ["Conv"]
    np.testing.assert_array_equal(scores(model), expected)


@pytest.mark.parametrize("own_turn", [True, False])
def test_channels_last_become_channels_first(own_turn: bool) -> None:
    nodes = (
        [
            helper.make_node("Transpose", ["input"], ["first"], perm=[0, 3, 1, 2]),
            helper.make_node("Relu", ["first"], ["output"]),
        ]
        if own_turn
        else [
            helper.make_node("Relu", ["input"], ["last"]),
            helper.make_node("Transpose", ["last"], ["output"], perm=[0, 3, 1, 2]),
        ]
    )
    model = small(nodes, "output")
    sides = model.graph.input[0].type.tensor_type.shape.dim
    sides[1].dim_value, sides[2].dim_value, sides[3].dim_value = (*SHAPE, 3)

    assert take_channels_first(model)
    del model.graph.output[0].type.tensor_type.shape.dim[:]
    model.graph.output[0].type.tensor_type.ClearField("shape")

    assert scores(model).shape == (1, 3, *SHAPE)

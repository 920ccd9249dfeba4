"""Each trap: the mended graph is without it and gives the same scores; OpenCV is right where it was wrong."""

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from deeplab_cv.networks.onnx_graph import simplified
from deeplab_cv.tools.repairing.mends import (
    mend_added_pooling,
    mend_clip_bounds,
    mend_hard_sigmoid,
    mend_open_batch,
    mend_resized_pooling,
)
from tests.networks.small_graphs import SHAPE, kernel, kinds, scores, small
from tests.tiny_networks import tiny_onnx


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

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from deeplab_cv.errors import NetworkError
from deeplab_cv.tools.repairing.ends import (
    cut_after_scores,
    take_channels_first,
    take_floats,
    weights_off_the_inputs,
)
from tests.tiny_networks import tiny_onnx
from tests.tools.repairing.small_networks import SHAPE, kernel, kinds, scores, small


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


def test_scores_that_nothing_follows_are_left_as_they_are(tmp_path: Path) -> None:
    model = onnx.load(tiny_onnx(tmp_path, shape=SHAPE))
    expected = scores(model)

    cut = cut_after_scores(model)

    assert (cut.scores, cut.words, cut.align_corners) == ("output", (), None)
    np.testing.assert_array_equal(scores(model), expected)


def test_an_upsampling_within_the_network_is_no_end_of_it() -> None:
    model = small(
        [
            helper.make_node("Resize", ["input", "", "", "size"], ["large"], mode="linear"),
            helper.make_node("Conv", ["large", "a"], ["output"]),
        ],
        "output",
        a=kernel(4, 3),
        size=np.array([1, 3, 2 * SHAPE[0], 2 * SHAPE[1]]),
    )

    assert cut_after_scores(model).words == ()
    assert kinds(model) == ["Resize", "Conv"]


def test_of_several_outputs_the_scores_alone_stay() -> None:
    model = small(
        [
            helper.make_node("Conv", ["input", "a"], ["aux"]),
            helper.make_node("Conv", ["input", "b"], ["out"]),
        ],
        "aux",
        a=kernel(4, 3),
        b=kernel(5, 3),
    )
    model.graph.output.append(helper.make_empty_tensor_value_info("out"))

    assert cut_after_scores(model).scores == "out"

    assert [value.name for value in model.graph.output] == ["output"]
    assert [tensor.name for tensor in model.graph.initializer] == ["b"]
    assert scores(model).shape == (1, 5, *SHAPE)


def test_a_tensor_that_is_called_output_already_makes_room() -> None:
    model = small(
        [
            helper.make_node("Conv", ["input", "a"], ["output"]),
            helper.make_node("Relu", ["output"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["shares"], axis=1),
        ],
        "shares",
        a=kernel(4, 3),
    )
    expected = np.maximum(scores(small([helper.make_node("Conv", ["input", "a"], ["s"])], "s", a=kernel(4, 3)), "s"), 0)

    assert cut_after_scores(model).scores == "logits"

    assert kinds(model) == ["Conv", "Relu"]
    np.testing.assert_allclose(scores(model), expected, rtol=1e-6)


@pytest.mark.parametrize("kind", [TensorProto.UINT8, TensorProto.FLOAT16])
def test_an_input_that_is_made_floats_at_once_takes_floats(kind: int) -> None:
    model = small(
        [helper.make_node("Cast", ["input"], ["floats"], to=1), helper.make_node("Relu", ["floats"], ["output"])],
        "output",
    )
    expected = scores(model)
    model.graph.input[0].type.tensor_type.elem_type = kind

    assert take_floats(model)

    assert model.graph.input[0].type.tensor_type.elem_type == TensorProto.FLOAT
    np.testing.assert_array_equal(scores(model), expected)


def test_a_network_of_floats_is_left() -> None:
    model = small([helper.make_node("Relu", ["input"], ["output"])], "output")
    before = model.SerializeToString()

    assert not take_floats(model)

    assert model.SerializeToString() == before


def test_a_network_that_computes_in_another_type_is_refused_by_its_name() -> None:
    model = small([helper.make_node("Relu", ["input"], ["output"])], "output")
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT16

    with pytest.raises(NetworkError, match="the network computes in float16: input"):
        take_floats(model)


def test_an_input_with_channels_first_is_left() -> None:
    model = small([helper.make_node("Relu", ["input"], ["output"])], "output")
    before = model.SerializeToString()

    assert not take_channels_first(model)

    assert model.SerializeToString() == before


def test_weights_that_are_inputs_as_well_are_inputs_no_more() -> None:
    model = small([helper.make_node("Conv", ["input", "a"], ["output"])], "output", a=kernel(4, 3))
    model.graph.input.insert(0, helper.make_tensor_value_info("a", TensorProto.FLOAT, [4, 3, 1, 1]))

    assert weights_off_the_inputs(model)
    assert not weights_off_the_inputs(model)

    assert [value.name for value in model.graph.input] == ["input"]
    np.testing.assert_array_equal(numpy_helper.to_array(model.graph.initializer[0]), kernel(4, 3))

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from deeplab_cv.errors import NetworkError
from deeplab_cv.networks.input_form import take_channels_first, take_floats, weights_off_the_inputs
from tests.networks.small_graphs import SHAPE, kernel, scores, small


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


def test_a_network_that_takes_numbers_of_no_picture_is_refused_by_their_name() -> None:
    model = small([helper.make_node("Relu", ["input"], ["output"])], "output")
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64

    with pytest.raises(NetworkError, match="the network takes int64: input"):
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

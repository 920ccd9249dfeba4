import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from deeplab_cv.networks.onnx_graph import store_half
from deeplab_cv.tools.folding import fold_normalisation

MEAN, STD = (10.0, 20.0, 30.0), (2.0, 4.0, 8.0)
NO_MEAN = (0.0, 0.0, 0.0)


def network(*, first: str = "Conv", outputs: int = 4, channels: int = 3, group: int = 1) -> onnx.ModelProto:
    """A padded 3x3 convolution with a bias on 6x6 pixels, behind another node where `first` names one."""
    random = np.random.default_rng(0)
    # Numbers that float16 holds, so that they can be stored in it.
    kernel = random.normal(size=(outputs, channels // group, 3, 3)).astype(np.float16).astype(np.float32)
    convolution = helper.make_node(
        "Conv", ["input", "kernel", "bias"], ["output"], pads=[1] * 4, kernel_shape=[3, 3], group=group
    )
    nodes = [convolution]
    if first != "Conv":
        convolution.input[0] = "t"
        nodes = [helper.make_node(first, ["input"], ["t"]), convolution]
    graph = helper.make_graph(
        nodes,
        "padded",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, channels, 6, 6])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, outputs, 6, 6])],
        [
            numpy_helper.from_array(kernel, "kernel"),
            numpy_helper.from_array(random.normal(size=outputs).astype(np.float32), "bias"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def scores(model: onnx.ModelProto, blob: np.ndarray) -> np.ndarray:
    return np.asarray(ReferenceEvaluator(model).run(None, {"input": blob})[0])


def colours() -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 255, (1, 3, 6, 6)).astype(np.float32)


def normalised(blob: np.ndarray, mean: tuple[float, ...], std: tuple[float, ...]) -> np.ndarray:
    sides = (1, 3, 1, 1)
    return (blob - np.array(mean, np.float32).reshape(sides)) / np.array(std, np.float32).reshape(sides)


@pytest.mark.parametrize("mean", [MEAN, NO_MEAN])
def test_plain_colours_give_what_normalised_ones_gave_also_at_the_border(mean: tuple[float, float, float]) -> None:
    model = network()
    expected = scores(model, normalised(colours(), mean, STD))

    assert fold_normalisation(model, mean, STD)

    onnx.checker.check_model(model, full_check=True)
    np.testing.assert_allclose(scores(model, colours()), expected, rtol=1e-4, atol=1e-3)


def test_where_there_is_no_mean_nothing_is_subtracted() -> None:
    model = network()

    fold_normalisation(model, NO_MEAN, STD)

    assert [node.op_type for node in model.graph.node] == ["Conv"]


def test_weights_that_are_stored_as_float16_are_folded_too() -> None:
    model = network(outputs=64)
    expected = scores(model, normalised(colours(), MEAN, STD))
    store_half(model)
    assert [node.op_type for node in model.graph.node] == ["Cast", "Conv"]

    assert fold_normalisation(model, MEAN, STD)

    np.testing.assert_allclose(scores(model, colours()), expected, rtol=1e-4, atol=1e-3)


def stored_half(model: onnx.ModelProto) -> onnx.ModelProto:
    store_half(model)
    return model


@pytest.mark.parametrize(
    "model",
    [
        network(first="Relu"),
        network(outputs=3, group=3),
        network(channels=4),
        stored_half(network(outputs=64, channels=4)),
    ],
    ids=["another node first", "depthwise", "four channels", "four channels as float16"],
)
def test_a_network_that_does_not_begin_with_a_plain_convolution_is_left(model: onnx.ModelProto) -> None:
    before = model.SerializeToString()

    assert not fold_normalisation(model, MEAN, STD)

    assert model.SerializeToString() == before


def test_an_input_that_is_read_twice_is_left() -> None:
    model = network()
    model.graph.node.append(helper.make_node("Relu", ["input"], ["again"]))
    before = model.SerializeToString()

    assert not fold_normalisation(model, MEAN, STD)

    assert model.SerializeToString() == before

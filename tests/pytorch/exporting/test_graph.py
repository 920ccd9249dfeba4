import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from onnx.reference import ReferenceEvaluator
from torch import nn

from deeplab_cv.networks.onnx_graph import HALF_FROM
from deeplab_cv.pytorch.exporting.graph import graph_of, round_weights, traced


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU6(), nn.Conv2d(8, 4, 1)).eval()


def dimensions(value: onnx.ValueInfoProto) -> list[str | int]:
    return [side.dim_param or side.dim_value for side in value.type.tensor_type.shape.dim]


@pytest.mark.parametrize("opset", [11, 13, 17])
def test_a_graph_has_open_sizes_and_the_opset_that_is_asked_for(opset: int) -> None:
    model = graph_of(network(), 16, opset)

    onnx.checker.check_model(model, full_check=True)
    assert dimensions(model.graph.input[0]) == [1, 3, "height", "width"]
    assert [value.name for value in model.graph.output] == ["output"]
    assert model.opset_import[0].version == opset


@pytest.mark.parametrize("shape", [(32, 32), (16, 48), (50, 34)])
def test_it_gives_pytorch_s_scores_at_sizes_it_was_not_traced_with(shape: tuple[int, int]) -> None:
    blob = np.random.default_rng(0).normal(size=(1, 3, *shape)).astype(np.float32)
    with torch.inference_mode():
        expected = network()(torch.from_numpy(blob)).numpy()

    [scores] = ReferenceEvaluator(graph_of(network(), 16)).run(None, {"input": blob})

    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)


def test_without_symbolic_dimensions_the_sizes_are_the_example_s() -> None:
    model = traced(network(), torch.zeros(1, 3, 32, 48), opset=13, outputs=("scores",))

    assert dimensions(model.graph.input[0]) == [1, 3, 32, 48]
    assert dimensions(model.graph.output[0]) == [1, 4, 16, 24]
    assert model.graph.output[0].name == "scores"


def test_bounds_and_weights_are_in_the_graph_as_initializers_alone() -> None:
    graph = graph_of(network(), 16).graph

    constants = {tensor.name for tensor in graph.initializer}
    assert not [node for node in graph.node if node.op_type == "Constant"]
    [clip] = [node for node in graph.node if node.op_type == "Clip"]
    assert set(clip.input[1:]) <= constants


def test_large_tensors_are_rounded_to_what_float16_holds_and_small_ones_are_not() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(1, HALF_FROM, 1), nn.Conv2d(1, HALF_FROM - 1, 1))
    large, small = (layer.weight.detach().clone() for layer in layers)

    round_weights(layers)

    assert torch.equal(layers[0].weight, large.half().float())
    assert not torch.equal(layers[0].weight, large)
    assert torch.equal(layers[1].weight, small)


def test_a_tensor_that_float16_cannot_hold_is_left() -> None:
    layer = nn.Linear(HALF_FROM, 1)
    with torch.no_grad():
        layer.weight.fill_(1e6)

    round_weights(layer)

    assert (layer.weight == 1e6).all()

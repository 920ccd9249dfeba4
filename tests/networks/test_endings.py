import onnx
import pytest

from deeplab_cv.networks.endings import is_share, turned_last
from tests.networks.ways_to_end import WAYS, write


@pytest.mark.parametrize(
    ("way", "share"),
    [
        ("one class: sigmoid", True),
        ("one class: sigmoid before the upsampling", True),
        ("one class: hard sigmoid", True),
        ("one class: sigmoid written out", True),
        ("one class: sigmoid, three axes", True),
        ("one class: logits", False),
        ("one class: channels last, bias, sigmoid", True),
    ],
)
def test_a_sigmoid_s_values_are_shares_wherever_they_went_since(tmp_path, way, share):
    graph = onnx.load(write(tmp_path, WAYS[way])).graph

    assert is_share(graph, graph.output[0].name) == share


@pytest.mark.parametrize(
    ("way", "last"),
    [("scores", None), ("channels last", True), ("channels last, bias, softmax", True), ("without a batch", None)],
)
def test_a_turn_tells_which_axis_is_the_classes_through_what_leaves_values_in_place(tmp_path, way, last):
    graph = onnx.load(write(tmp_path, WAYS[way])).graph

    assert turned_last(graph, graph.output[0].name) is last

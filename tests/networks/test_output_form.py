from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from deeplab_cv.networks.output_form import cut_after_scores, ends_in_scores
from tests.networks.small_graphs import SHAPE, kernel, kinds, scores, small
from tests.networks.ways_to_end import WAYS, write
from tests.tiny_networks import tiny_onnx


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

    cut = cut_after_scores(model, 4)

    assert cut.words == ("the last upsampling", "softmax", "argmax")
    assert cut.align_corners == (mode == "align_corners")
    assert kinds(model) == ["Conv"]
    np.testing.assert_array_equal(scores(model), expected)


def test_scores_that_nothing_follows_are_left_as_they_are(tmp_path: Path) -> None:
    model = onnx.load(tiny_onnx(tmp_path, shape=SHAPE))
    expected = scores(model)

    cut = cut_after_scores(model, 21)

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

    assert cut_after_scores(model, 4).words == ()
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

    assert cut_after_scores(model, 5).scores == "out"

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

    assert cut_after_scores(model, 4).scores == "logits"

    assert kinds(model) == ["Conv", "Relu"]
    np.testing.assert_allclose(scores(model), expected, rtol=1e-6)


PLAIN = ("scores", "softmax", "two sigmoids")


@pytest.mark.parametrize("way", WAYS)
def test_a_network_that_gives_scores_as_engines_take_them_is_left_as_it_is(tmp_path, way):
    assert ends_in_scores(onnx.load(write(tmp_path, WAYS[way])), 2) == (way in PLAIN)

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from deeplab_cv.frames.size import Size
from deeplab_cv.networks.slices import rewrite_atrous


def dilated(height: int, width: int, rate: int, *, half: bool = False, groups: int = 1) -> onnx.ModelProto:
    """One dilated 3x3 convolution of 4 channels with a bias."""
    random = np.random.RandomState(rate)
    weight = random.randn(4, 4 // groups, 3, 3).astype(np.float16 if half else np.float32)
    constants = [
        numpy_helper.from_array(weight, "stored" if half else "weight"),
        numpy_helper.from_array(random.randn(4).astype(np.float32), "bias"),
    ]
    convolution = helper.make_node(
        "Conv",
        ["features", "weight", "bias"],
        ["output"],
        kernel_shape=[3, 3],
        dilations=[rate, rate],
        pads=[rate] * 4,
        group=groups,
    )
    entry = helper.make_node("Relu", ["input"], ["features"])
    cast = [helper.make_node("Cast", ["stored"], ["weight"], to=1)] if half else []
    graph = helper.make_graph(
        [*cast, entry, convolution],
        "dilated",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 4, height, width])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 4, height, width])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model)


def scores(model: onnx.ModelProto, height: int, width: int) -> np.ndarray:
    picture = np.random.RandomState(0).randn(1, 4, height, width).astype(np.float32)
    return np.asarray(ReferenceEvaluator(model).run(None, {"input": picture})[0])


@settings(max_examples=25)
@given(height=st.integers(1, 14), width=st.integers(1, 14), rate=st.integers(2, 16), half=st.booleans())
def test_the_scores_stay_the_same_whatever_the_taps_reach(height: int, width: int, rate: int, half: bool) -> None:
    model = dilated(height, width, rate, half=half)
    expected = scores(model, height, width)

    rewrite_atrous(model)

    onnx.checker.check_model(model, full_check=True)
    np.testing.assert_allclose(scores(model, height, width), expected, rtol=1e-5, atol=1e-5)


def test_taps_that_reach_nothing_are_gone() -> None:
    model = dilated(8, 8, 8)

    assert rewrite_atrous(model)

    assert [node.op_type for node in model.graph.node] == ["Relu", "Conv"]
    assert {tensor.name for tensor in model.graph.initializer} == {"bias", "output_tap_centre"}


@pytest.mark.parametrize("model", [dilated(28, 28, 2), dilated(8, 8, 8, groups=4)], ids=["reaches", "depthwise"])
def test_convolutions_that_gain_nothing_are_left(model: onnx.ModelProto) -> None:
    before = model.SerializeToString()

    assert not rewrite_atrous(model)

    assert model.SerializeToString() == before


def test_the_rewritten_graph_is_one_more_to_choose_from(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")
    from deeplab_cv.engines.candidates import candidates_for
    from deeplab_cv.engines.choice import compare
    from deeplab_cv.engines.options import EngineOptions
    from deeplab_cv.engines.reference import reference_for
    from deeplab_cv.networks.network import graph_for, variant_graphs
    from deeplab_cv.networks.opening import open_network
    from tests.tools.exported import random_export

    random_export("deeplabv3_mobilenet_v3_large", tmp_path / "net.onnx", half=True)
    network = open_network(tmp_path / "net.onnx")
    graph = graph_for(network, Size(96, 96))
    graphs = [graph, *variant_graphs(network, graph)]
    candidates = [each for each in candidates_for(graphs, "auto") if each.backend.endswith(":cpu")]

    results, engine = compare(candidates, reference_for(graph), EngineOptions(threads=2))

    assert engine is not None
    assert len(graphs) == 2
    assert [result.reason for result in results] == [""] * len(candidates)
    engine.close()

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from deeplab_cv.networks.onnx_graph import (
    HALF_FROM,
    add_weight,
    attribute,
    consumers,
    drop_dead,
    main_output,
    producer,
    save_graph,
    simplified,
    sizes,
    store_float32,
    store_half,
    weight,
)
from tests.tiny_networks import tiny_onnx

SHAPE = (1, 3, 8, 8)


def model_of(nodes, outputs=("output",), **weights):
    """A network of `input` (1, 3, 8, 8) with these nodes."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, None, None]) for name in outputs],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def kernel(outputs, *, exact):
    """Weights of a 1x1 convolution, which float16 holds exactly or not."""
    values = np.random.default_rng(0).normal(size=(outputs, 3, 1, 1)).astype(np.float32)
    return values.astype(np.float16).astype(np.float32) if exact else values


def convolution(outputs, *, exact=True):
    node = helper.make_node("Conv", ["input", "kernel"], ["output"], kernel_shape=[1, 1])
    return model_of([node], kernel=kernel(outputs, exact=exact))


def scores(model):
    blob = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    return ReferenceEvaluator(model).run(None, {"input": blob})[0]


LARGE = HALF_FROM // 3 + 1


def test_large_weights_that_float16_holds_exactly_are_stored_in_half_the_bytes():
    model = convolution(LARGE)
    expected, bytes_before = scores(model), model.ByteSize()

    store_half(model)

    assert model.ByteSize() < 0.6 * bytes_before
    onnx.checker.check_model(model, full_check=True)
    np.testing.assert_array_equal(scores(model), expected)


@pytest.mark.parametrize(("outputs", "exact"), [(LARGE, False), (LARGE - 1, True)], ids=["not exact", "small"])
def test_weights_that_would_lose_something_or_gain_nothing_stay_float32(outputs, exact):
    model = convolution(outputs, exact=exact)
    before = model.SerializeToString()

    store_half(model)

    assert model.SerializeToString() == before


def test_storing_as_float32_undoes_storing_as_float16():
    model = convolution(LARGE)
    before = model.SerializeToString()
    store_half(model)

    store_float32(model)

    assert model.SerializeToString() == before


def test_a_cast_of_something_computed_is_left():
    nodes = [helper.make_node("Relu", ["input"], ["t"]), helper.make_node("Cast", ["t"], ["output"], to=1)]
    model = model_of(nodes)

    store_float32(model)

    assert [node.op_type for node in model.graph.node] == ["Relu", "Cast"]


def test_simplifying_computes_constants_and_makes_initializers_of_the_bounds_of_a_clip():
    low = helper.make_node("Constant", [], ["low"], value=numpy_helper.from_array(np.array(-1, np.float32)))
    half = helper.make_node("Constant", [], ["half"], value=numpy_helper.from_array(np.array(0.25, np.float32)))
    model = model_of(
        [
            low,
            half,
            helper.make_node("Add", ["half", "half"], ["high"]),
            helper.make_node("Clip", ["input", "low", "high"], ["output"]),
        ]
    )
    expected = scores(model)

    slim = simplified(model)

    assert [node.op_type for node in slim.graph.node] == ["Clip"]
    assert {tensor.name for tensor in slim.graph.initializer} == set(slim.graph.node[0].input[1:])
    np.testing.assert_array_equal(scores(slim), expected)


def test_a_saved_graph_carries_its_facts(tmp_path):
    model = onnx.load(str(tiny_onnx(tmp_path, shape=(64, 96))))

    save_graph(model, tmp_path / "with_facts.onnx", {"stride": 8, "name": "tiny"})

    props = onnx.load(str(tmp_path / "with_facts.onnx")).metadata_props
    assert {each.key: each.value for each in props} == {"stride": "8", "name": "tiny"}


def test_a_graph_that_is_not_whole_is_not_saved(tmp_path):
    model = convolution(4)
    del model.graph.initializer[:]

    with pytest.raises(onnx.checker.ValidationError):
        save_graph(model, tmp_path / "broken.onnx", {})

    assert list(tmp_path.iterdir()) == []


def test_the_maker_and_the_readers_of_a_tensor_are_found():
    nodes = [
        helper.make_node("Relu", ["input"], ["t"], name="maker"),
        helper.make_node("Neg", ["t"], ["u"], name="one"),
        helper.make_node("Add", ["t", "u"], ["output"], name="other"),
    ]
    graph = model_of(nodes).graph

    assert producer(graph, "t").name == "maker"
    assert [node.name for node in consumers(graph, "t")] == ["one", "other"]
    assert producer(graph, "input") is None
    assert consumers(graph, "output") == []


def test_a_weight_is_found_by_name_and_what_is_computed_has_none():
    graph = convolution(4).graph

    np.testing.assert_array_equal(weight(graph, "kernel"), kernel(4, exact=True))
    assert weight(graph, "output") is None


def test_an_added_weight_takes_no_other_s_name():
    graph = convolution(4).graph

    names = [add_weight(graph, "kernel", np.full(2, value, np.float32)) for value in (1, 2)]

    assert len({"kernel", *names}) == 3
    assert [weight(graph, name).tolist() for name in names] == [[1, 1], [2, 2]]


def test_a_weight_may_be_a_turned_array():
    graph = convolution(4).graph
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T

    np.testing.assert_array_equal(weight(graph, add_weight(graph, "turned", turned)), turned)


def test_an_attribute_that_a_node_lacks_has_its_default():
    node = helper.make_node("Conv", ["input", "kernel"], ["output"], strides=[2, 2])

    assert attribute(node, "strides") == [2, 2]
    assert attribute(node, "group", 1) == 1
    assert attribute(node, "pads") is None


def test_sizes_are_those_of_every_tensor_with_open_sides_as_nothing(tmp_path):
    fixed = sizes(onnx.load(str(tiny_onnx(tmp_path, shape=(64, 96)))))
    open_sides = sizes(onnx.load(str(tiny_onnx(tmp_path))))

    assert (fixed["input"], fixed["cells"], fixed["output"]) == ((1, 3, 64, 96), (1, 3, 8, 12), (1, 21, 8, 12))
    assert (open_sides["input"], open_sides["output"]) == ((1, 3, 0, 0), (1, 21, 0, 0))


@pytest.mark.parametrize(
    ("outputs", "name"),
    [
        (("aux", "output"), "output"),
        (("logits", "out"), "out"),
        (("aux", "logits"), "logits"),
        (("first", "second"), "first"),
    ],
)
def test_the_output_with_the_scores_is_the_one_called_so_else_the_first(outputs, name):
    nodes = [helper.make_node("Relu", ["input"], [each]) for each in outputs]

    assert main_output(model_of(nodes, outputs).graph) == name


def test_what_reaches_no_output_is_dropped_with_its_weights():
    model = model_of(
        [
            helper.make_node("Add", ["input", "used"], ["output"], name="alive"),
            helper.make_node("Mul", ["input", "unused"], ["t"], name="dead"),
            helper.make_node("Relu", ["t"], ["u"], name="dead too"),
        ],
        used=np.ones(1, np.float32),
        unused=np.ones(1, np.float32),
    )
    expected = scores(model)

    drop_dead(model.graph)

    assert [node.name for node in model.graph.node] == ["alive"]
    assert [tensor.name for tensor in model.graph.initializer] == ["used"]
    np.testing.assert_array_equal(scores(model), expected)

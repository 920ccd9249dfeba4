import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from deeplab_cv.engines import trial
from deeplab_cv.engines.candidates import Candidate
from deeplab_cv.engines.trial import check_it_runs, load_candidate, try_out
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine import child
from deeplab_cv.networks.network import graph_for, variant_graphs
from deeplab_cv.networks.opening import default_network_file, open_network
from deeplab_cv.networks.options import NetworkOptions
from tests.endless_networks import endless_network
from tests.tiny_networks import tiny_onnx

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

_SIZE = Size(64, 64)


@pytest.fixture(autouse=True)
def nothing_tried_yet(monkeypatch):
    monkeypatch.setattr(trial, "_refusals", {})


@pytest.fixture
def unproven(tmp_path):
    return graph_for(open_network(tiny_onnx(tmp_path, shape=(64, 64))), _SIZE)


def made(folder, nodes, **weights):
    """A network of one 1x1 convolution and these nodes."""
    value = helper.make_tensor_value_info
    weights["kernel"] = np.zeros((21, 3, 1, 1), np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["input", "kernel"], ["features"], kernel_shape=[1, 1]), *nodes],
        "made",
        [value("input", TensorProto.FLOAT, [1, 3, 64, 64])],
        [value("output", TensorProto.FLOAT, [1, 21, 64, 64])],
        [numpy_helper.from_array(np.asarray(each), name) for name, each in weights.items()],
    )
    file = folder / "made.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(file))
    return graph_for(open_network(file), _SIZE)


def without_end(folder):
    value = helper.make_tensor_value_info
    features = [1, 21, 64, 64]
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["x"], ["y"])],
        "body",
        [value("i", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("x", TensorProto.FLOAT, features)],
        [value("on", TensorProto.BOOL, []), value("y", TensorProto.FLOAT, features)],
    )
    return made(folder, [helper.make_node("Loop", ["", "yes", "features"], ["output"], body=body)], yes=np.array(True))


def test_a_network_that_works_is_tried_once_on_a_machine(unproven, monkeypatch, caplog):
    candidate = Candidate("onnxruntime", "cpu", unproven)
    load_candidate(candidate, 1, 1).close()
    # As if this were the next start.
    monkeypatch.setattr(trial, "_refusals", {})

    with caplog.at_level("INFO", "deeplab_cv"):
        load_candidate(candidate, 1, 1).close()

    assert caplog.messages == []


@pytest.fixture
def children(monkeypatch):
    """The processes that are started."""
    begun = []

    def start(module):
        begun.append(module)
        return child.started(module)

    monkeypatch.setattr(trial, "started", start)
    return begun


def test_a_network_with_a_card_is_tried_once_as_well_without_a_line(graph, monkeypatch, caplog, children):
    for _ in range(2):
        with caplog.at_level("INFO", "deeplab_cv"):
            load_candidate(Candidate("opencv", "cpu", graph), 1, 1).close()
        # As if this were the next start.
        monkeypatch.setattr(trial, "_refusals", {})

    assert (len(children), caplog.messages) == (1, [])


def test_figures_that_are_added_to_a_card_make_no_other_network_of_it(graph, children):
    load_candidate(Candidate("opencv", "cpu", graph), 1, 1).close()

    more = replace(graph, card=graph.card.model_copy(update={"pixel_budget": 7}))
    load_candidate(Candidate("opencv", "cpu", more), 1, 1).close()

    assert len(children) == 1


def test_the_network_that_comes_with_the_program_is_not_tried(children):
    network = open_network(default_network_file())
    graph = graph_for(network, Size(256, 256))

    try_out([Candidate("opencv", "cpu", each) for each in (graph, *variant_graphs(network, graph))], 1, 1)

    assert children == []


def endless_graph(folder):
    network = open_network(endless_network(folder))
    return graph_for(network, network.card.input_sizes[0])


def test_a_card_keeps_no_crash_out(tmp_path):
    try_out([Candidate("opencv", "cpu", endless_graph(tmp_path))], 1, 1)

    with pytest.raises(EngineError):
        load_candidate(Candidate("opencv", "cpu", endless_graph(tmp_path)), 1, 1)


def test_where_one_engine_never_ends_and_none_works_the_others_are_not_waited_for(tmp_path, monkeypatch, children):
    monkeypatch.setattr(trial, "LIMIT_S", 5.0)
    graph = endless_graph(tmp_path)
    candidates = [Candidate("onnxruntime", "cpu", graph), Candidate("openvino", "cpu", graph)]

    try_out(candidates, 1, 1)

    assert len(children) == 1
    for candidate in candidates:
        with pytest.raises(EngineError, match="longer than 5 s"):
            load_candidate(candidate, 1, 1)


def test_where_one_takes_long_the_others_wait_until_they_are_needed(graph, children):
    candidates = [Candidate("onnxruntime", "cpu", graph), Candidate("opencv", "cpu", graph)]

    try_out(candidates, 1, 1, patience_s=0)
    load_candidate(candidates[0], 1, 1).close()
    assert len(children) == 1

    load_candidate(candidates[1], 1, 1).close()
    assert len(children) == 2


def test_a_network_that_never_ends_is_named_as_the_user_named_it(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "LIMIT_S", 5.0)

    with pytest.raises(EngineError) as error:
        load_candidate(Candidate("onnxruntime", "cpu", endless_graph(tmp_path)), 1, 1)

    assert error.value.where == f"onnxruntime:cpu, {tmp_path / 'endless.onnx'}"


def test_so_is_one_whose_form_was_changed(tmp_path):
    file = tiny_onnx(tmp_path)
    model = onnx.load(str(file))
    model.graph.node[-1].output[0] = "scores"
    model.graph.node.append(helper.make_node("ArgMax", ["scores"], ["output"], axis=1))
    model.graph.output[0].CopyFrom(
        helper.make_tensor_value_info("output", TensorProto.INT64, [1, 1, "rows", "columns"])
    )
    onnx.save(model, str(file))

    graph = graph_for(open_network(file, NetworkOptions(size="64x64")), _SIZE)

    assert graph.file.parent != tmp_path
    assert graph.named == file


def test_graphs_that_onnx_runtime_does_not_run_are_refused_before_others_run_them(tmp_path, graph, monkeypatch):
    monkeypatch.setattr(trial, "LIMIT_S", 5.0)
    check_it_runs([graph])

    with pytest.raises(EngineError, match="longer than 5 s"):
        check_it_runs([endless_graph(tmp_path)])


def test_a_network_that_onnx_runtime_refuses_is_refused_for_every_engine(tmp_path):
    strides = helper.make_node("Conv", ["features", "second"], ["output"], kernel_shape=[1, 1], strides=[0, 0])
    graph = made(tmp_path, [strides], second=np.zeros((21, 21, 1, 1), np.float32))

    with pytest.raises(EngineError, match="strides") as error:
        load_candidate(Candidate("opencv", "cpu", graph), 1, 1)

    assert "\n" not in str(error.value)


def test_a_network_in_float64_is_one_plain_line(tmp_path):
    nodes = [
        helper.make_node("Cast", ["features"], ["exact"], to=TensorProto.DOUBLE),
        helper.make_node("Conv", ["exact", "second"], ["doubled"], kernel_shape=[1, 1]),
        helper.make_node("Cast", ["doubled"], ["output"], to=TensorProto.FLOAT),
    ]
    graph = made(tmp_path, nodes, second=np.zeros((21, 21, 1, 1)))

    with pytest.raises(EngineError, match=r"such as float64.*export it again in float32") as error:
        load_candidate(Candidate("onnxruntime", "cpu", graph), 1, 1)

    assert "[ONNXRuntimeError]" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_network_without_an_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "LIMIT_S", 5.0)

    with pytest.raises(EngineError, match="took longer than 5 s"):
        load_candidate(Candidate("onnxruntime", "cpu", without_end(tmp_path)), 1, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals that end a process")
def test_the_death_of_the_process_is_a_reason(unproven, monkeypatch):
    monkeypatch.setattr(child, "_PROGRAM", "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)")

    with pytest.raises(EngineError, match="SIGTERM"):
        load_candidate(Candidate("onnxruntime", "cpu", unproven), 1, 1)


def test_a_network_that_cannot_be_had_is_refused_where_its_file_has_gone(unproven):
    gone = replace(unproven, file=unproven.file.with_name("gone.onnx"))

    try_out([Candidate("onnxruntime", "cpu", gone)], 1, 1)

    with pytest.raises(EngineError, match=r"gone\.onnx"):
        load_candidate(Candidate("onnxruntime", "cpu", gone), 1, 1)

import dataclasses

import cv2
import numpy as np
import pytest

from deeplab_cv.engines.golden_check import check
from deeplab_cv.engines.reference import reference_for
from deeplab_cv.engines.synchronous import Facts, SynchronousEngine
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.memory import spoiled_memory
from deeplab_cv.networks.golden import Golden
from deeplab_cv.networks.network import graph_for, variant_graphs
from deeplab_cv.networks.opening import open_network
from deeplab_cv.networks.options import NetworkOptions
from tests.engines.engines import FLOAT32, load_or_skip
from tests.engines.variants import with_variant
from tests.tiny_networks import TOLERANCE, tiny_network, tiny_onnx

KNOWN_TO_MISTAKE_HARD_SIGMOID = ("4.14.0", "5.0.0")


def graph_of(file):
    return graph_for(open_network(file), Size(1280, 720))


def computing(graph, compute, precision="float32"):
    return SynchronousEngine(Facts("opencv", "cpu", precision, 1, "0"), graph.input_size, compute)


@pytest.mark.parametrize("backend", FLOAT32)
def test_an_engine_that_is_right_passes(backend, graph):
    proof = check(load_or_skip(backend, graph), graph, reference_for(graph))

    assert proof.origin == "golden"
    assert proof.error < proof.tolerance == TOLERANCE["float32"]
    assert proof.equal_labels == 1


@pytest.mark.skipif(not cv2.__version__.startswith("5.0."), reason="seen in OpenCV 5.0")
def test_a_new_engine_that_reads_outside_the_image_pooling_is_refused(tmp_path):
    graph = graph_of(tiny_network(tmp_path, resized_pooling=True))
    reference = reference_for(graph)

    with (
        spoiled_memory(),
        pytest.raises(EngineError, match=r"scores are (wrong|not numbers): opencv:cpu_new in float32"),
    ):
        check(load_or_skip("opencv:cpu_new", graph), graph, reference)
    with spoiled_memory():
        assert check(load_or_skip("opencv:cpu", graph), graph, reference).equal_labels == 1


@pytest.mark.skipif(cv2.__version__ not in KNOWN_TO_MISTAKE_HARD_SIGMOID, reason="not seen in this OpenCV")
def test_an_engine_that_takes_a_hard_sigmoid_for_a_hard_swish_is_refused(tmp_path):
    graph = graph_of(tiny_network(tmp_path, squeezed=True))

    with pytest.raises(EngineError) as error:
        check(load_or_skip("opencv:cpu", graph), graph, reference_for(graph))

    assert "the engine's scores are wrong: opencv:cpu in float32; error 0.4" in str(error.value)
    assert "where 0.001 is allowed" in str(error.value)


@pytest.mark.parametrize("backend", ["onnxruntime:cpu", "openvino:cpu"])
@pytest.mark.parametrize("trap", ["squeezed", "resized_pooling"])
def test_the_other_engines_compute_right_what_opencv_computes_wrong(backend, trap, tmp_path):
    graph = graph_of(tiny_network(tmp_path, **{trap: True}))

    proof = check(load_or_skip(backend, graph), graph, reference_for(graph))

    assert proof.equal_labels == 1


def test_golden_scores_that_are_not_the_networks_refuse_every_engine(graph):
    golden = Golden(graph.golden.blob, np.roll(graph.golden.scores, 1, axis=2))
    graph = dataclasses.replace(graph, golden=golden)

    with pytest.raises(EngineError, match=r"scores are wrong.* of the labels equal"):
        check(load_or_skip("opencv:cpu", graph), graph, reference_for(graph))


def test_a_precision_that_the_card_does_not_name_is_not_allowed(tmp_path):
    graph = graph_of(tiny_network(tmp_path, tolerance={"float32": 1e-3}))
    engine = computing(graph, lambda _: graph.golden.scores.copy(), precision="bfloat16")

    with pytest.raises(EngineError, match=r"bfloat16 is not precise enough.*allowed: float32 \(on its card\)"):
        check(engine, graph, reference_for(graph))


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (np.full((21, 10, 18), np.nan, np.float32), "not numbers"),
        (np.full((21, 10, 18), np.inf, np.float32), "not numbers"),
        (np.zeros((21, 1, 1), np.float32), r"wrong shape.*expected \(21, 10, 18\), got \(21, 1, 1\)"),
        (np.zeros((10, 18), np.float32), "wrong shape"),
    ],
)
def test_scores_that_are_no_scores_are_refused(graph, scores, reason):
    engine = computing(graph, lambda _: scores)

    with pytest.raises(EngineError, match=reason):
        check(engine, graph, reference_for(graph))


def test_an_engine_that_is_right_only_the_first_time_is_refused(graph):
    answers = iter([graph.golden.scores, graph.golden.scores + 1])

    with pytest.raises(EngineError, match="scores are wrong"):
        check(computing(graph, lambda _: next(answers)), graph, reference_for(graph))


@pytest.mark.parametrize("computed_in", ["int8", "float32"])
@pytest.mark.parametrize(("own_tolerance", "allowed"), [(0.25, 0.25), (None, TOLERANCE["int8"])])
def test_a_quantised_file_may_be_as_rough_as_its_card_says(network_file, tmp_path, computed_in, own_tolerance, allowed):
    network = open_network(with_variant(network_file, tmp_path, precision="int8", tolerance=own_tolerance))
    [variant] = variant_graphs(network, graph_for(network, Size(1280, 720)))
    off = variant.golden.scores * np.float32(1.05)

    proof = check(computing(variant, lambda _: off, precision=computed_in), variant, reference_for(variant))

    assert proof.tolerance == allowed


class TestWithoutCard:
    @pytest.fixture
    def unverified(self, tmp_path):
        return graph_for(open_network(tiny_onnx(tmp_path, shape=(64, 96)), NetworkOptions()), Size(1280, 720))

    @pytest.mark.parametrize("backend", ["opencv:cpu", "openvino:cpu"])
    def test_scores_are_compared_with_those_of_onnx_runtime(self, backend, unverified):
        pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

        proof = check(load_or_skip(backend, unverified), unverified, reference_for(unverified))

        assert proof.origin == "onnxruntime"
        assert proof.error < 1e-5

    def test_wrong_scores_are_refused(self, unverified):
        pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
        reference = reference_for(unverified)
        engine = computing(unverified, lambda _: reference.scores + 1)

        with pytest.raises(EngineError, match="scores are wrong"):
            check(engine, unverified, reference)

    def test_onnx_runtime_is_not_compared_with_itself(self, unverified):
        engine = load_or_skip("onnxruntime:cpu", unverified)

        assert check(engine, unverified, reference_for(unverified)).origin == ""

    def test_nothing_is_compared_where_onnx_runtime_is_not_installed(self, unverified, missing):
        missing("onnxruntime")

        reference = reference_for(unverified)

        assert reference.scores is None
        assert check(load_or_skip("opencv:cpu", unverified), unverified, reference).origin == ""

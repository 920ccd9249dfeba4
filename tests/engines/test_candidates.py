import dataclasses

import pytest

from deeplab_cv.engines.candidates import ENGINES, backend_names, candidates_for, engine_module
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import EngineError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.processor import sums_in_32_bits
from deeplab_cv.networks.network import graph_for, variant_graphs
from deeplab_cv.networks.opening import open_network
from tests.engines.variants import with_variant


def backends(graphs, backend):
    return [candidate.backend for candidate in candidates_for(graphs, backend)]


def test_auto_tries_every_installed_engine(graph):
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    pytest.importorskip("openvino", reason="OpenVINO is not installed")

    assert {"openvino:cpu", "onnxruntime:cpu", "opencv:cpu"} <= set(backends([graph], "auto"))


def test_a_name_alone_tries_that_engines_devices(graph):
    found = backends([graph], "opencv")

    assert "opencv:cpu" in found
    assert all(backend.startswith("opencv:") for backend in found)


def test_a_device_is_asked_for_alone(graph):
    assert backends([graph], "opencv:cpu") == ["opencv:cpu"]


def test_a_device_that_is_not_claimed_is_tried_all_the_same_so_that_it_can_say_why(graph):
    assert backends([graph], "opencv:toaster") == ["opencv:toaster"]


@pytest.mark.parametrize("backend", ["tensorflow", "opencv2:cpu", "", "AUTO"])
def test_an_engine_that_does_not_exist_is_wrong_use(graph, backend):
    with pytest.raises(UsageError, match="opencv"):
        candidates_for([graph], backend)


def test_a_package_that_is_not_installed_is_an_error_with_the_command_that_installs_it(graph, missing):
    missing("openvino")

    with pytest.raises(EngineError, match=r"openvino cannot be loaded.*pip install .*openvino"):
        candidates_for([graph], "openvino:cpu")


def test_auto_goes_without_a_package_that_is_not_installed(graph, missing):
    missing("openvino")
    missing("onnxruntime")

    assert {backend.partition(":")[0] for backend in backends([graph], "auto")} == {"opencv"}


def test_a_variant_is_a_backend_of_its_own(network_file, graph, tmp_path):
    network = open_network(with_variant(network_file, tmp_path, precision="int8", engines=("opencv",)))
    graphs = [graph, *variant_graphs(network, graph_for(network, Size(1280, 720)))]

    assert backends(graphs, "opencv:cpu_int8") == ["opencv:cpu_int8"]
    assert backends(graphs, "opencv:cpu") == ["opencv:cpu"]
    assert [backend for backend in backends(graphs, "auto") if "int8" in backend and "opencv" not in backend] == []


def test_weights_of_whole_range_are_for_processors_that_sum_their_products_in_32_bits(network_file, graph, tmp_path):
    network = open_network(with_variant(network_file, tmp_path, precision="int8", full_range=True))
    graphs = [graph, *variant_graphs(network, graph_for(network, Size(1280, 720)))]

    assert ("onnxruntime:cpu_int8" in backends(graphs, "auto")) == sums_in_32_bits()


def test_a_device_of_lower_precision_takes_only_files_of_full_precision(graph):
    quantised = dataclasses.replace(graph, precision="int8")

    assert not any("bf16" in backend or "fp16" in backend for backend in backends([quantised], "auto"))


def test_backend_names_names_each_once(graph):
    names = backend_names([graph, graph])

    assert len(names) == len(set(names))
    assert set(names) == set(backends([graph], "auto"))


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_module_has_the_names_of_the_contract(name):
    try:
        module = engine_module(name)
    except EngineError as error:
        pytest.skip(str(error))

    assert name == module.NAME
    assert "cpu" in module.DEVICES
    assert "cpu" in module.devices()
    assert callable(module.load)


@pytest.mark.parametrize(
    ("backend", "meant"),
    [
        ("cuda", "onnxruntime:cuda"),
        ("gpu", "onnxruntime:cuda"),
        ("cuda:0", "onnxruntime:cuda"),
        ("onnx", "onnxruntime"),
        ("tensorrt", "onnxruntime:tensorrt"),
        ("onnxruntim", "onnxruntime"),
        ("openvno:cpu", "openvino"),
        ("npu", "openvino:npu"),
        ("cpu", "auto"),
        ("onnxruntime:gpu", "onnxruntime:cuda"),
        ("onnxruntime:trt", "onnxruntime:tensorrt"),
        ("opencv:gpu", "opencv:cuda"),
    ],
)
def test_what_others_call_an_engine_or_a_device_is_answered_with_our_name(graph, backend, meant):
    with pytest.raises(UsageError, match=rf"did you mean {meant}\?"):
        candidates_for([graph], backend)


def test_a_backend_may_be_written_in_any_case():
    assert EngineOptions(backend=" OpenVINO:GPU ").backend == "openvino:gpu"

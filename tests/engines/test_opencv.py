import dataclasses
from itertools import pairwise

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from deeplab_cv.engines import opencv
from deeplab_cv.errors import EngineError
from tests.engines.engines import true_scores

HAS_TWO_ENGINES = hasattr(cv2.dnn, "ENGINE_NEW") and hasattr(cv2.dnn, "ENGINE_CLASSIC")


def load(graph, device):
    return opencv.load(graph, device, threads=0, depth=1)


def test_cuda_that_is_not_built_in_is_an_error_that_says_how_to_get_it(graph):
    if "cuda" in opencv.devices():
        pytest.skip("this OpenCV has CUDA")

    with pytest.raises(EngineError) as error:
        load(graph, "cuda")

    assert "OpenCV has no cuda" in str(error.value)
    assert "OPENCV_DNN_CUDA=ON" in str(error.value)


@pytest.mark.parametrize("device", ["opencl", "opencl_fp16"])
def test_a_network_that_silently_runs_on_the_processor_is_found_out(graph, monkeypatch, device):
    if cv2.ocl.haveOpenCL():
        pytest.skip("this machine has OpenCL")
    monkeypatch.setattr(cv2.ocl, "haveOpenCL", lambda: True)

    with pytest.raises(EngineError, match="OpenCV runs the network on OCV/CPU"):
        load(graph, device)


def test_cuda_that_is_claimed_but_not_there_is_found_out(graph, monkeypatch):
    if "cuda" in opencv.devices():
        pytest.skip("this OpenCV has CUDA")
    monkeypatch.setattr(cv2.dnn, "getAvailableTargets", lambda _: (cv2.dnn.DNN_TARGET_CUDA,))

    with pytest.raises(EngineError, match="opencv:cuda"):
        load(graph, "cuda")


@pytest.mark.skipif(HAS_TWO_ENGINES, reason="this OpenCV has two engines")
def test_an_opencv_of_one_engine_has_no_new_one(graph):
    assert "cpu_new" not in opencv.devices()
    with pytest.raises(EngineError, match="only OpenCV 5 has two engines"):
        load(graph, "cpu_new")


@pytest.mark.skipif(not cv2.__version__.startswith("5.0."), reason="seen in OpenCV 5.0")
def test_opencv_heeds_the_engine_for_a_file_but_not_for_a_buffer(graph):
    def engine_of(network):
        network.setInput(np.zeros((1, 3, *graph.input_size.hw), np.float32), "input")
        return "classic" if network.dump().startswith("digraph") else "new"

    buffer = np.frombuffer(graph.file.read_bytes(), np.uint8)

    assert engine_of(cv2.dnn.readNetFromONNX(str(graph.file), cv2.dnn.ENGINE_CLASSIC)) == "classic"
    assert engine_of(cv2.dnn.readNetFromONNX(buffer, cv2.dnn.ENGINE_CLASSIC)) == "new"


def test_opencv_logs_nothing_beside_the_error(graph, tmp_path, capfd):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")

    with pytest.raises(EngineError):
        load(dataclasses.replace(graph, file=broken), "cpu")

    assert capfd.readouterr().err == ""


def test_a_row_of_3x3_convolutions_is_as_exact_as_float32_can_be(graph, tmp_path):
    random = np.random.RandomState(0)
    channels = (3, *[32] * 7, 21)
    kernels = [
        numpy_helper.from_array((random.randn(out, into, 3, 3) / (9 * into) ** 0.5).astype(np.float32), f"w{place}")
        for place, (into, out) in enumerate(pairwise(channels))
    ]
    names = ["input", *(f"x{place}" for place in range(1, 8)), "output"]
    nodes = [
        helper.make_node("Conv", [names[place], f"w{place}"], [names[place + 1]], pads=[1] * 4) for place in range(8)
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, count, *graph.input_size.hw])
        for name, count in (("input", 3), ("output", 21))
    ]
    network = helper.make_graph(nodes, "convolutions", ends[:1], ends[1:], kernels)
    file = tmp_path / "convolutions.onnx"
    onnx.save(helper.make_model(network, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(file))
    convolutions = dataclasses.replace(graph, file=file)
    blob = random.randn(1, 3, *graph.input_size.hw).astype(np.float32)
    exact = true_scores(convolutions, blob)

    engine = load(convolutions, "cpu")
    engine.submit(blob)

    assert np.abs(engine.result().scores - exact).max() < 2e-6 * np.abs(exact).max()

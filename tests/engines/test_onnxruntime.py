import pytest

onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

from deeplab_cv.engines import onnxruntime as engine_module
from deeplab_cv.errors import EngineError


def load(graph, device):
    return engine_module.load(graph, device, threads=0, depth=1)


def test_a_provider_that_is_not_built_in_is_an_error_that_names_the_wheel(graph):
    if "cuda" in engine_module.devices():
        pytest.skip("this ONNX Runtime is built with CUDA")

    with pytest.raises(EngineError) as error:
        load(graph, "cuda")

    assert "ONNX Runtime has no cuda" in str(error.value)
    assert "onnxruntime-gpu[cuda,cudnn]" in str(error.value)


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_provider_that_the_session_drops_is_an_error_and_not_the_processor(graph, monkeypatch):
    if "cuda" in engine_module.devices():
        pytest.skip("this ONNX Runtime is built with CUDA")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])

    with pytest.raises(EngineError) as error:
        load(graph, "cuda")

    assert "ONNX Runtime dropped CUDAExecutionProvider: onnxruntime:cuda" in str(error.value)
    assert "pip install 'onnxruntime-gpu[cuda,cudnn]'" in str(error.value)


def test_a_provider_that_takes_no_part_of_the_network_is_an_error(graph, monkeypatch):
    if "AzureExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has no provider that takes nothing")
    if not hasattr(onnxruntime.InferenceSession, "get_provider_graph_assignment_info"):
        pytest.skip("this ONNX Runtime does not tell who takes what")
    monkeypatch.setitem(engine_module._PROVIDERS, "azure", "AzureExecutionProvider")

    with pytest.raises(EngineError, match="takes no part of the network"):
        load(graph, "azure")

import numpy as np
import pytest

from deeplab_cv.networks.golden import golden_blob
from deeplab_cv.networks.network import graph_at
from deeplab_cv.networks.onnx_file import load_onnx
from deeplab_cv.networks.opening import open_network
from deeplab_cv.tools.reference import enlarged, reference_session
from tests.tiny_networks import tiny_network

SIZES = [(1, 1), (5, 7), (16, 9), (33, 40)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("align_corners", [False, True])
def test_scores_are_enlarged_as_pytorch_does_it(size, align_corners):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    scores = np.random.default_rng(3).normal(size=(4, 5, 7)).astype(np.float32)

    expected = torch.nn.functional.interpolate(
        torch.from_numpy(scores)[None], size=size, mode="bilinear", align_corners=align_corners
    )[0].numpy()

    np.testing.assert_allclose(enlarged(scores, size, align_corners=align_corners), expected, atol=1e-5)


@pytest.mark.parametrize("align_corners", [False, True])
def test_scores_of_one_cell_fill_the_picture(align_corners):
    whole = enlarged(np.array([[[2.0]], [[-1.0]]], np.float32), (3, 4), align_corners=align_corners)

    assert whole.dtype == np.float32
    np.testing.assert_array_equal(whole, np.array([2.0, -1.0])[:, None, None] * np.ones((2, 3, 4)))


def test_between_two_scores_lies_their_mean():
    assert enlarged(np.array([[[0.0, 1.0]]], np.float32), (1, 3), align_corners=True).tolist() == [[[0.0, 0.5, 1.0]]]
    assert enlarged(np.array([[[0.0, 1.0]]], np.float32), (1, 4)).tolist() == [[[0.0, 0.25, 0.75, 1.0]]]


def test_a_file_and_its_model_give_the_golden_scores(tmp_path):
    network = open_network(tiny_network(tmp_path))
    graph = graph_at(network, network.card.input_sizes[0])
    assert graph.golden is not None
    blob = golden_blob(network.card.golden.seed, graph.input_size, network.card.input)

    for source in (graph.file, load_onnx(graph.file)):
        scores = reference_session(source).run(["output"], {"input": blob})[0][0]
        np.testing.assert_allclose(scores, graph.golden.scores, rtol=1e-2, atol=1e-2)

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.frames.size import Size
from deeplab_cv.networks.network import fitting_sizes, graph_at, graph_for, nearest_size
from deeplab_cv.networks.opening import open_network
from deeplab_cv.networks.options import NetworkOptions
from tests.tiny_networks import SIZES, tiny_network, tiny_onnx


@pytest.mark.parametrize(
    ("size", "input_size"),
    [
        ((400, 400), (128, 128)),
        ((640, 480), (128, 96)),
        ((1280, 720), (144, 80)),
        ((720, 1280), (80, 144)),
        ((480, 640), (96, 128)),
        ((20000, 30), (144, 80)),
        ((1, 1), (128, 128)),
    ],
)
def test_the_input_size_follows_the_picture(size, input_size):
    assert nearest_size(SIZES, Size(*size)) == Size(*input_size)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_turning_a_picture_turns_the_input(width, height):
    upright = nearest_size(SIZES, Size(width, height))
    turned = nearest_size(SIZES, Size(height, width))

    assert upright == Size(*turned.hw)


def test_of_several_sizes_the_largest_comes_first():
    words = ("432x240", "320x320", "512x288", "384x384", "240x432", "368x272", "448x336")
    sizes = [Size.parse(word) for word in words]

    assert [str(size) for size in fitting_sizes(sizes, Size(1280, 720))] == ["512x288", "432x240"]
    assert [str(size) for size in fitting_sizes(sizes, Size(640, 480))] == ["448x336", "368x272"]
    assert nearest_size(sizes, Size(500, 500)) == Size(384, 384)


def test_a_graph_can_be_had_at_every_size(tmp_path):
    network = open_network(tiny_network(tmp_path, shapes=((128, 128), (64, 64))))

    assert [graph_at(network, size).input_size for size in network.card.input_sizes] == [(128, 128), (64, 64)]


def test_a_graph_has_the_fixed_size_of_its_shape(tmp_path):
    graph = graph_for(open_network(tiny_network(tmp_path)), Size(1280, 720))

    dimensions = onnx.load(str(graph.file)).graph.input[0].type.tensor_type.shape.dim
    assert [dimension.dim_value for dimension in dimensions] == [1, 3, 80, 144]
    assert graph.golden is not None
    assert graph.golden.blob.shape == (1, 3, 80, 144)
    assert graph.verified


def test_a_graph_is_made_once_and_found_again(tmp_path):
    network = open_network(tiny_network(tmp_path))
    first = graph_for(network, Size(640, 480)).file
    made_at = first.stat().st_mtime_ns

    again = graph_for(network, Size(800, 600)).file

    assert again == first
    assert again.stat().st_mtime_ns == made_at


def test_two_first_starts_at_once_both_have_their_graph(tmp_path):
    network = open_network(tiny_network(tmp_path))
    together = threading.Barrier(2)

    def first_start():
        together.wait()
        return graph_for(network, Size(640, 480)).file

    with ThreadPoolExecutor(2) as pool:
        files = [start.result() for start in [pool.submit(first_start) for _ in range(2)]]

    assert files[0] == files[1]
    onnx.checker.check_model(onnx.load(str(files[0])))
    assert list(files[0].parent.iterdir()) == [files[0]]


def test_a_network_without_a_card_is_unverified_and_keeps_its_own_size(tmp_path):
    file = tiny_onnx(tmp_path, shape=(64, 96))

    network = open_network(file, NetworkOptions(mean=(127.5,) * 3, std=(127.5,) * 3))
    graph = graph_for(network, Size(1280, 720))

    assert not network.verified
    assert graph.input_size == Size(96, 64)
    assert graph.golden is None
    assert network.card.input.mean == (127.5, 127.5, 127.5)


def test_a_network_of_open_size_takes_the_size_of_the_command_line(tmp_path):
    graph = graph_for(open_network(tiny_onnx(tmp_path), NetworkOptions(size="96x64")), Size(500, 500))

    assert graph.input_size == Size(96, 64)


def test_the_fixed_graph_gives_the_scores_of_the_network_at_that_size(tmp_path):
    from onnx.reference import ReferenceEvaluator

    network = open_network(tiny_network(tmp_path))
    graph = graph_for(network, Size(640, 480))
    assert graph.golden is not None

    scores = ReferenceEvaluator(str(Path(graph.file))).run(None, {"input": graph.golden.blob})[0][0]

    np.testing.assert_allclose(scores, graph.golden.scores, rtol=1e-2, atol=1e-2)

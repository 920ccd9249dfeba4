import os
import sys

import onnx
import pytest
from onnx import TensorProto, helper

from deeplab_cv.frames.size import Size
from deeplab_cv.machine.cache import cache_folder
from deeplab_cv.networks.graph_cache import graph_key, kept_graph, kept_graph_if_any


def model():
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("input", "output")]
    return helper.make_model(
        helper.make_graph([helper.make_node("Relu", ["input"], ["output"])], "graph", value[:1], value[1:])
    )


def not_again():
    raise AssertionError("it is kept")


def test_a_graph_is_made_once(user_cache):
    path = kept_graph("key", model)

    assert kept_graph("key", not_again) == path
    assert kept_graph_if_any("key", not_again) == path
    assert onnx.load(str(path)) == model()
    assert user_cache in path.parents


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-10] + bytes(10),
        lambda content: os.urandom(len(content)),
        lambda content: content + b"\0",
    ],
    ids=["empty", "cut", "zeros", "random", "longer"],
)
def test_a_damaged_graph_is_made_anew(user_cache, damage):
    path = kept_graph("key", model)
    path.write_bytes(damage(path.read_bytes()))

    again = kept_graph("key", model)

    assert onnx.load(str(again)) == model()
    assert list(again.parent.iterdir()) == [again]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_pipe_in_the_place_of_a_graph_is_not_waited_for(user_cache):
    path = kept_graph("key", model)
    path.unlink()
    os.mkfifo(path)

    assert kept_graph("key", model).is_file()


def test_that_there_is_no_such_graph_is_kept_as_well(user_cache):
    assert kept_graph_if_any("key", lambda: None) is None
    assert kept_graph_if_any("key", not_again) is None


def test_a_key_lies_in_the_folder_whatever_a_network_is_called(user_cache):
    key = graph_key("60b33b21c241cace" * 4, Size(96, 64), "slices")

    path = kept_graph(key, model)

    assert path.parent == cache_folder("graphs")
    assert path.name.startswith("60b33b21c241cace60b33b21c241cace-64x96-slices.")

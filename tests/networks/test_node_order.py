import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from deeplab_cv.networks.node_order import in_order
from tests.networks.small_graphs import chain, small


@given(st.permutations(range(6)))
def test_nodes_in_any_order_are_sorted_so_that_each_follows_what_it_reads(order):
    model = chain(6)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes[place] for place in order)

    in_order(model.graph)

    assert [node.name for node in model.graph.node] == [f"n{place}" for place in range(6)]


def test_nodes_that_read_what_nobody_makes_are_kept_behind_the_others():
    model = chain(3)
    model.graph.node.insert(0, helper.make_node("Relu", ["nobody"], ["lost"], name="lost"))

    in_order(model.graph)

    assert [node.name for node in model.graph.node] == ["n0", "n1", "n2", "lost"]


def test_a_node_whose_own_graph_reads_a_tensor_stands_behind_its_maker():
    branch = helper.make_graph(
        [helper.make_node("Neg", ["late"], ["inner"])],
        "branch",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)],
    )
    choice = helper.make_node("If", ["yes"], ["output"], name="choice", then_branch=branch, else_branch=branch)
    model = small([choice, helper.make_node("Relu", ["input"], ["late"], name="late")], "output", yes=np.array(True))

    assert in_order(model.graph)
    assert not in_order(model.graph)

    assert [node.name for node in model.graph.node] == ["late", "choice"]


def test_an_optional_input_that_is_left_out_keeps_no_node_waiting():
    clip = helper.make_node("Clip", ["input", "", "high"], ["output"], name="clip")
    model = small([clip], "output", high=np.array(1, np.float32))

    in_order(model.graph)

    assert [node.name for node in model.graph.node] == ["clip"]

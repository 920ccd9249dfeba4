"""A network whose card is in order and whose scores never come."""

from pathlib import Path

import onnx
from onnx import TensorProto, helper

from deeplab_cv.networks.card import file_hash, read_card, write_card
from tests.tiny_networks import tiny_network


def endless_network(folder: Path) -> Path:
    """Write a tiny network whose last node is a loop of 2**62 rounds; OpenCV does not know it, ONNX Runtime obeys."""
    file = tiny_network(folder, "endless")
    card, model = read_card(file), onnx.load(str(file))
    graph = model.graph
    (last,) = [node for node in graph.node if "output" in node.output]
    last.output[0] = "scores"
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_on"], ["still"]), helper.make_node("Add", ["old", "zero"], ["new"])],
        "round",
        [
            helper.make_tensor_value_info("number", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("old", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("new", TensorProto.FLOAT, None),
        ],
        [helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0])],
    )
    graph.node.append(helper.make_node("Loop", ["rounds", "true", "scores"], ["output"], body=body))
    graph.initializer.append(helper.make_tensor("rounds", TensorProto.INT64, [], [2**62]))
    graph.initializer.append(helper.make_tensor("true", TensorProto.BOOL, [], [True]))
    onnx.save(model, str(file))
    write_card(card.model_copy(update={"sha256": file_hash(file)}), file)
    return file

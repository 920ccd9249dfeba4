"""Tiny networks made on the spot: they see colours, so a test knows where paint must appear."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash
from deeplab_cv.networks.card import Card, GoldenFacts, Origin, Precision, write_card
from deeplab_cv.networks.golden import golden_blob, golden_key

SHAPES = ((128, 128), (96, 128), (80, 144), (144, 80), (128, 96))
"""Height and width for 1:1, 4:3, 16:9, 9:16 and 3:4, as a card has them."""

SIZES = tuple(Size(width, height) for height, width in SHAPES)
TOLERANCE: Mapping[Precision, float] = {"float32": 1e-3, "float16": 1e-2, "bfloat16": 3e-2, "int8": 1e-1}
SEED = 0
BACKGROUND, DOG, PERSON, SHEEP = 0, 12, 15, 17
COLOURS = {PERSON: (0, 0, 255), DOG: (0, 255, 0), SHEEP: (255, 0, 0), BACKGROUND: (90, 90, 90)}
"""What each class looks like, BGR."""


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A tiny network in a folder of its own."""
    folder = tmp_path / "network"
    folder.mkdir()
    return tiny_network(folder)


def tiny_network(
    folder: Path,
    name: str = "tiny",
    *,
    stride: int = 8,
    shapes: tuple[tuple[int, int], ...] = SHAPES,
    resized_pooling: bool = False,
    squeezed: bool = False,
    tolerance: Mapping[Precision, float] = TOLERANCE,
) -> Path:
    """Write NAME.onnx with its card and golden scores, for any height and width that are multiples of `stride`.

    A cell of `stride` x `stride` pixels that is mostly red is a person (15), green a dog (12), blue a sheep (17),
    anything grey is background (0). No other class ever wins.

    Args:
        folder: where the three files go.
        name: their stem.
        stride: pixels to one score.
        shapes: what the card says the network has been proven at.
        resized_pooling: with DeepLab's image pooling, enlarged from 1x1 by a bilinear Resize.
        squeezed: with a squeeze-and-excitation whose gate is the dynamo exporter's HardSigmoid (beta 0.5).
        tolerance: the card's, per precision.

    Returns:
        The network file.
    """
    file = tiny_onnx(folder, name, stride=stride, resized_pooling=resized_pooling, squeezed=squeezed)
    card = Card(
        name=name,
        file=file.name,
        sha256=file_hash(file),
        architecture="test",
        classes=VOC_CLASSES,
        stride=stride,
        shapes=shapes,
        origin=Origin(weights="made by hand"),
        golden=GoldenFacts(file=f"{name}.golden.npz", seed=SEED, tolerance=dict(tolerance)),
    )
    reference = ReferenceEvaluator(str(file))
    scores = {
        golden_key(size): reference.run(None, {"input": golden_blob(SEED, size, card.input)})[0][0].astype(np.float16)
        for size in card.input_sizes
    }
    np.savez(folder / f"{name}.golden.npz", **scores)
    write_card(card, file)
    return file


def tiny_onnx(
    folder: Path,
    name: str = "tiny",
    *,
    stride: int = 8,
    shape: tuple[int, int] | None = None,
    resized_pooling: bool = False,
    squeezed: bool = False,
) -> Path:
    """Write the same network without a card; with a shape its height and width are fixed."""
    features = "cells"
    nodes = [helper.make_node("AveragePool", ["input"], ["cells"], kernel_shape=[stride] * 2, strides=[stride] * 2)]
    weights: dict[str, NDArray[Any]] = {}
    if squeezed:
        # One gate of 0.5..1 for all three channels: the cells grow to 1.5..2 times what they were.
        nodes += [
            helper.make_node("GlobalAveragePool", ["cells"], ["mean"]),
            helper.make_node("Conv", ["mean", "squeeze"], ["squeezed"], kernel_shape=[1, 1]),
            helper.make_node("HardSigmoid", ["squeezed"], ["gate"], alpha=1 / 6, beta=0.5),
            helper.make_node("Mul", ["gate", "cells"], ["gated"]),
            helper.make_node("Add", ["cells", "gated"], ["active"]),
        ]
        weights |= {"squeeze": np.full((3, 3, 1, 1), 1 / 255, np.float32)}
        features = "active"
    # 2R - G - B and its likes: 8 for the pure colour. A cell is background below 2; all other classes stay at -4.
    colours, thresholds = np.zeros((21, 3, 1, 1), np.float32), np.full(21, -4, np.float32)
    for label, channel in ((PERSON, 0), (DOG, 1), (SHEEP, 2)):
        colours[label] = -4 / 255
        colours[label, channel] = 8 / 255
        thresholds[label] = 0
    thresholds[BACKGROUND] = 2
    weights |= {"colours": colours, "thresholds": thresholds}
    nodes.append(helper.make_node("Conv", [features, "colours", "thresholds"], ["coloured"], kernel_shape=[1, 1]))
    if resized_pooling:
        nodes += [
            helper.make_node("GlobalAveragePool", [features], ["pixel"]),
            helper.make_node("Conv", ["pixel", "pooling"], ["pooled"], kernel_shape=[1, 1]),
            helper.make_node("Shape", ["coloured"], ["shape"]),
            helper.make_node("Slice", ["shape", "two", "four"], ["size"]),
            helper.make_node("Shape", ["pooled"], ["pooled_shape"]),
            helper.make_node("Slice", ["pooled_shape", "zero", "two"], ["channels"]),
            helper.make_node("Concat", ["channels", "size"], ["sizes"], axis=0),
            helper.make_node(
                "Resize",
                ["pooled", "", "", "sizes"],
                ["spread"],
                mode="linear",
                coordinate_transformation_mode="pytorch_half_pixel",
            ),
            helper.make_node("Concat", ["coloured", "spread"], ["both"], axis=1),
            helper.make_node("Conv", ["both", "projection"], ["output"], kernel_shape=[1, 1]),
        ]
        halves = np.concatenate([np.eye(21), np.eye(21)], axis=1)
        weights |= {
            "pooling": np.full((21, 3, 1, 1), 1e-3, np.float32),
            "projection": halves[..., None, None].astype(np.float32),
            "zero": np.array([0]),
            "two": np.array([2]),
            "four": np.array([4]),
        }
    else:
        nodes[-1].output[0] = "output"
    height, width = shape or ("height", "width")
    rows, columns = (shape[0] // stride, shape[1] // stride) if shape else ("rows", "columns")
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, height, width])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 21, rows, columns])],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    file = folder / f"{name}.onnx"
    onnx.save(model, str(file))
    return file


def picture_of(label: int, size: Size = Size(128, 72)) -> NDArray[np.uint8]:
    """A picture in which the network sees one class everywhere: uint8 (H, W, 3), BGR."""
    return np.full((*size.hw, 3), COLOURS[label], np.uint8)


def halves(left: int, right: int) -> NDArray[np.uint8]:
    """A picture of 128x72 whose halves show two classes."""
    return np.hstack([picture_of(left, Size(64, 72)), picture_of(right, Size(64, 72))])

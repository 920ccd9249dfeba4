"""An ONNX graph as it is stored: simplified, with half-precision weights where that is exact."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from deeplab_cv.networks.onnx_file import save_onnx

HALF_FROM = 1024
"""Tensors of fewer numbers stay float32: they hold offsets and fine detail, and nearly no bytes."""


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with its constants computed and every bound of a Clip an initializer.

    OpenCV's classic importer takes the bounds of a Clip from initializers only, not from Constant nodes.
    """
    import onnxslim

    slimmed: onnx.ModelProto = onnxslim.slim(model)
    onnx.checker.check_model(slimmed, full_check=True)
    return slimmed


def store_half(model: onnx.ModelProto) -> None:
    """Store large weights as float16 where that is exact, each followed by a Cast to float32: half the file."""
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < HALF_FROM:
            continue
        half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}_half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}_half"], [name], name=f"{name}_cast", to=1))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)


def store_float32(model: onnx.ModelProto) -> None:
    """Undo `store_half`: whole float32 weights and no Cast."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    casts = [node for node in model.graph.node if node.op_type == "Cast" and node.input[0] in stored]
    for cast in casts:
        tensor = stored[cast.input[0]]
        values = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, cast.output[0]))
        model.graph.node.remove(cast)


def save_graph(model: onnx.ModelProto, path: Path, facts: Mapping[str, Any]) -> None:
    """Write one file, whole or not at all, with `facts` in its metadata_props."""
    onnx.helper.set_model_props(model, {key: str(value) for key, value in facts.items()})
    onnx.checker.check_model(model, full_check=True)
    save_onnx(model, path)

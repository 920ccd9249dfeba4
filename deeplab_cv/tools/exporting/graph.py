"""PyTorch -> one ONNX file that every engine reads alike."""

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

DEFAULT_OPSET = 13
HALF_FROM = 1024
"""Tensors of fewer numbers stay float32: they hold offsets and fine detail, and nearly no bytes."""


def graph_of(network: nn.Module, multiple: int, opset: int = DEFAULT_OPSET) -> onnx.ModelProto:
    """A portable network as an ONNX graph: `input` (1, 3, height, width), sizes symbolic, to `output`."""
    axes = {"input": {2: "height", 3: "width"}, "output": {2: "score_height", 3: "score_width"}}
    return traced(network, torch.zeros(1, 3, 8 * multiple, 10 * multiple), opset, ("output",), axes)


def traced(
    network: nn.Module,
    example: Tensor,
    opset: int,
    outputs: Sequence[str],
    symbolic: Mapping[str, Mapping[int, str]] | None = None,
) -> onnx.ModelProto:
    """A network as an ONNX graph from `input` to `outputs`, of the example's size but for the `symbolic` dimensions.

    Exported by tracing: torch's newer exporter (torch 2.13, dynamo=True) leaves opsets below 18 only sometimes, writes
    a HardSigmoid that OpenCV fuses wrongly and may split weights into a second file.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        file = Path(folder) / "traced.onnx"
        # The tracing exporter says that it is the older one, and which constants onnxslim will compute in its place.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            file,
            opset_version=opset,
            input_names=["input"],
            output_names=list(outputs),
            dynamic_axes=symbolic,
            dynamo=False,
        )
        return simplified(onnx.load(file))


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with its constants computed and every bound of a Clip an initializer.

    OpenCV's classic importer takes the bounds of a Clip from initializers only, not from Constant nodes.
    """
    import onnxslim

    slimmed: onnx.ModelProto = onnxslim.slim(model)
    onnx.checker.check_model(slimmed, full_check=True)
    return slimmed


def round_weights(network: nn.Module) -> None:
    """Round a network's large tensors to float16's values, so that storing them as float16 loses nothing more."""
    limit = torch.finfo(torch.float16).max
    with torch.no_grad():
        for weight in network.parameters():
            if weight.numel() >= HALF_FROM and weight.abs().max() <= limit:
                weight.copy_(weight.half().float())


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
    temporary = path.with_name(f".{path.name}.partial")
    onnx.save(model, str(temporary))
    temporary.replace(path)

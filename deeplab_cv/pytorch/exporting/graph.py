"""PyTorch -> one ONNX file that every engine reads alike."""

import warnings
from collections.abc import Mapping, Sequence

import onnx
import torch
from torch import Tensor, nn

from deeplab_cv.machine.files import private_folder
from deeplab_cv.networks.onnx_graph import HALF_FROM, simplified

DEFAULT_OPSET = 13


def graph_of(network: nn.Module, multiple: int, opset: int = DEFAULT_OPSET) -> onnx.ModelProto:
    """A portable network as an ONNX graph: `input` (1, 3, height, width), sizes symbolic, to `output`."""
    axes = {"input": {2: "height", 3: "width"}, "output": {2: "score_height", 3: "score_width"}}
    return traced(
        network, torch.zeros(1, 3, 8 * multiple, 10 * multiple), opset=opset, outputs=("output",), symbolic=axes
    )


def traced(
    network: nn.Module,
    example: Tensor,
    *,
    opset: int,
    outputs: Sequence[str],
    symbolic: Mapping[str, Mapping[int, str]] | None = None,
) -> onnx.ModelProto:
    """A network as an ONNX graph from `input` to `outputs`, of the example's size but for the `symbolic` dimensions.

    Exported by tracing: torch's newer exporter (torch 2.13, dynamo=True) leaves opsets below 18 only sometimes, writes
    a HardSigmoid that OpenCV fuses wrongly and may split weights into a second file.
    """
    with private_folder() as folder, warnings.catch_warnings():
        file = folder / "traced.onnx"
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


def round_weights(network: nn.Module) -> None:
    """Round a network's large tensors to float16's values, so that storing them as float16 loses nothing more."""
    limit = torch.finfo(torch.float16).max
    with torch.no_grad():
        for weight in network.parameters():
            if weight.numel() >= HALF_FROM and weight.abs().max() <= limit:
                weight.copy_(weight.half().float())

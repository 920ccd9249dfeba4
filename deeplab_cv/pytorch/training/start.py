"""Begins a training from an earlier network: a checkpoint, or the ONNX file that was exported of one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from deeplab_cv.errors import NetworkError
from deeplab_cv.machine.program import program
from deeplab_cv.networks.golden import FLOAT32_TOLERANCE, greatest_error, read_golden
from deeplab_cv.networks.network import Network
from deeplab_cv.networks.onnx_graph import store_float32
from deeplab_cv.networks.opening import open_network
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES, Architecture
from deeplab_cv.pytorch.architectures import CLASS_LAYERS, build_network
from deeplab_cv.pytorch.checkpoint import load_checkpoint
from deeplab_cv.pytorch.export import PlainInput
from deeplab_cv.pytorch.exporting.golden import scores_of
from deeplab_cv.pytorch.exporting.portable import normalised_convolutions

EXPORTED = "deeplabv3_lite"
"""The architecture whose exported weights keep their names; torchvision's are cut and joined anew by the export."""

PREFIX = "network."
"""Before the names of weights in an exported graph."""

FILTER_SIZE = 0.1
"""The root mean square of a filter's weights, whatever their number: a step of AdamW turns all filters as far."""


def earlier_network(path: Path, architecture: str) -> tuple[nn.Module, tuple[str, ...]]:
    """The network in a file, in evaluation mode, and its class names.

    Args:
        path: a .pt file of `app.py train`, or an .onnx file of `app.py export` with its card and golden scores.
        architecture: what the network must be.

    Raises:
        NetworkError: it cannot be read, or is of another architecture.
    """
    if path.suffix == ".onnx":
        exported = open_network(path)
        check_architecture(path, exported.card.architecture, architecture)
        return unfolded_network(exported), exported.card.classes
    if not path.is_file():
        raise NetworkError("no such network to start from", path, "name a .pt or .onnx file of this program")
    network, facts = load_checkpoint(path)
    check_architecture(path, facts.architecture, architecture)
    return network, facts.classes


def check_architecture(path: Path, found: str, wanted: str) -> None:
    """Raises NetworkError if the network in a file is not of the wanted architecture."""
    if found != wanted:
        remedy = f"add --architecture {found}" if found in ARCHITECTURES else "name a network of this program"
        raise NetworkError(f"the network to start from is {found}, not {wanted}", path, remedy)


def take_over(
    network: nn.Module, classes: Sequence[str], earlier: nn.Module, earlier_classes: Sequence[str]
) -> tuple[str, ...]:
    """Give a network an earlier one's weights; rows of the last layer go by class name.

    Returns the names of the classes that the earlier one did not have; their rows stay as they were initialised.
    """
    weights = network.state_dict()
    for name, value in earlier.state_dict().items():
        if not name.startswith(CLASS_LAYERS):
            weights[name] = value
            continue
        for row, class_name in enumerate(classes):
            if class_name in earlier_classes:
                weights[name][row] = value[list(earlier_classes).index(class_name)]
    network.load_state_dict(weights)
    return tuple(name for name in classes if name not in earlier_classes)


def unfolded_network(exported: Network) -> nn.Module:
    """The PyTorch network of an ONNX file, in evaluation mode; gives its golden scores, or NetworkError is raised.

    The export has made each batch normalisation part of the convolution before it. Here every such convolution gets
    filters of FILTER_SIZE, and the normalisation what that takes and the offsets, with statistics 0 and 1. That is a
    usual scale to go on learning from, but only as long as the statistics are left alone.
    """
    file, card = exported.file, exported.card
    if card.architecture != EXPORTED:
        raise NetworkError(f"the ONNX file of a {card.architecture} cannot be learned on", file, "name its .pt file")
    model = onnx.load(file)
    store_float32(model)
    stored = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in model.graph.initializer}
    architecture = ARCHITECTURES[card.architecture]
    like = {name.removeprefix(PREFIX): weight for name, weight in stored.items()}
    network = build_network(card.architecture, len(card.classes), like=like).eval()
    try:
        fill(network, architecture, stored)
    except (KeyError, RuntimeError) as error:
        raise NetworkError(
            "the file lacks a weight", file, f"name a file of `{program()} export`", cause=error
        ) from error
    golden = read_golden(card, file.parent, card.input_sizes[0])
    if golden is None:
        raise NetworkError("the card has no golden scores to prove the weights with", file, "name the .pt file")
    error_share = greatest_error(scores_of(PlainInput(network, architecture).eval(), golden.blob), golden.scores)
    if error_share > FLOAT32_TOLERANCE:
        raise NetworkError(f"the weights give scores {error_share:.1e} off the golden ones", file, "name the .pt file")
    return network


def fill(network: nn.Module, architecture: Architecture, stored: Mapping[str, Tensor]) -> None:
    """Copy exported weights, by their names in the graph, into a network. Raises KeyError and RuntimeError."""
    normalisations = {id(convolution): following for *_, convolution, following in normalised_convolutions(network)}
    convolutions = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Conv2d)]
    std = torch.tensor(architecture.std).view(1, 3, 1, 1)
    with torch.no_grad():
        for place, (name, convolution) in enumerate(convolutions):
            weight, bias = stored[f"{PREFIX}{name}.weight"], stored[f"{PREFIX}{name}.bias"]
            if place == 0:
                weight = weight * std
            following = normalisations.get(id(convolution))
            if following is None:
                if convolution.bias is None:
                    raise KeyError(f"{name}.bias")
                convolution.bias.copy_(bias)
            else:
                size = weight.square().mean(dim=(1, 2, 3)).sqrt().clamp(min=torch.finfo(torch.float32).tiny)
                weight = weight * (FILTER_SIZE / size).view(-1, 1, 1, 1)
                following.weight.copy_(size / FILTER_SIZE)
                following.bias.copy_(bias)
                following.running_mean = torch.zeros_like(bias)
                following.running_var = torch.full_like(bias, 1 - following.eps)
            convolution.weight.copy_(weight)

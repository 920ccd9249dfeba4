"""PyTorch's own ways to compute a network's scores, to lay the engines' beside."""

from pathlib import Path

import torch
from torch import nn

from deeplab_cv.engines.engine import Blob
from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.frames.frame import Scores
from deeplab_cv.networks.card import Card
from deeplab_cv.networks.network import Network
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
from deeplab_cv.pytorch.architectures import normalise
from deeplab_cv.pytorch.exporting.weights import trained_checkpoint, weights_file
from deeplab_cv.pytorch.torch_file import read_torch_file
from deeplab_cv.tools.reference import enlarged


class TorchScores:
    """The trained network in PyTorch, float32, behind the card's own input."""

    def __init__(self, network: Network, checkpoint: Path) -> None:
        """Raises NetworkError where the weights are none or not this network's, UsageError for an unknown one."""
        content = read_torch_file(checkpoint, "give the weights that the network was exported from")
        self.card = network.card
        if isinstance(content, dict) and "facts" in content:
            trained = trained_checkpoint(checkpoint)
        else:
            trained = weights_file(_architecture_name(network), checkpoint, network.card.classes)
        if len(trained.classes) != len(network.card.classes):
            raise NetworkError(
                f"the weights are for {len(trained.classes)} classes, not {len(network.card.classes)}",
                checkpoint,
                "give the weights that the network was exported from",
            )
        self.network, self.architecture = trained.network, trained.architecture

    def __call__(self, blob: Blob) -> Scores:
        """Scores (classes, h, w), as large as the network file's, of an input (1, 3, height, width)."""
        with torch.inference_mode():
            scores = self.network(normalise(pictures_of(blob, self.card), self.architecture))[0].numpy()
        return scores if self.card.stride > 1 else enlarged(scores, (blob.shape[2], blob.shape[3]))


class ScriptedScores:
    """The tutorial's TorchScript file beside a network: scores as large as the picture."""

    def __init__(self, network: Network, file: Path) -> None:
        """Raises NetworkError where the file is none, UsageError for a network of unknown architecture."""
        self.module = load_scripted(file)
        self.card = network.card
        self.architecture = ARCHITECTURES[_architecture_name(network)]

    def __call__(self, blob: Blob) -> Scores:
        """Scores (classes, height, width) of an input (1, 3, height, width)."""
        with torch.inference_mode():
            scores: Scores = self.module(normalise(pictures_of(blob, self.card), self.architecture))["out"][0].numpy()
        return scores


def load_scripted(path: Path) -> nn.Module:
    """A TorchScript file as a module. Raises NetworkError."""
    try:
        module: nn.Module = torch.jit.load(str(path))  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise NetworkError("not a whole TorchScript file", path, "export it again", cause=reason) from error
    return module.eval()


def pictures_of(blob: Blob, card: Card) -> torch.Tensor:
    """The pictures, RGB 0..255, that a network's input was made from."""
    mean, std = (
        torch.tensor(values or neutral).view(1, 3, 1, 1)
        for values, neutral in ((card.input.mean, (0.0, 0.0, 0.0)), (card.input.std, (1.0, 1.0, 1.0)))
    )
    return torch.from_numpy(blob) * std + mean


def _architecture_name(network: Network) -> str:
    name = network.card.architecture
    if name not in ARCHITECTURES:
        raise UsageError("the card does not name an architecture that PyTorch could build", name, "leave it out")
    return name

"""Builds the networks this program trains: torchvision's four DeepLabV3 kin and the project's own deeplabv3_lite."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from deeplab_cv.errors import UsageError
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES, LITE, Architecture
from deeplab_cv.pytorch.lite import DeepLabV3Lite
from deeplab_cv.pytorch.torchvision_import import import_torchvision

CLASS_LAYERS = ("classifier.weight", "classifier.bias", "classifier.4.", "classifier.low_", "classifier.high_")
"""How the names of last layers begin, whose rows are classes, in every architecture."""


class TorchvisionScores(nn.Module):
    """torchvision's segmentation network without its last upsampling: a tensor of scores at the head's stride."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.backbone: nn.Module = network.get_submodule("backbone")
        self.classifier: nn.Module = network.get_submodule("classifier")
        self.takes_all_features = not isinstance(self.classifier, nn.Sequential)

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores (N, classes, h, w) before softmax."""
        features = self.backbone(pictures)
        # LR-ASPP's head takes the dictionary of shallow and deep features, DeepLabV3's the deep ones alone.
        scores: Tensor = self.classifier(features if self.takes_all_features else features["out"])
        return scores


def build_network(
    name: str, class_count: int, *, pretrained: bool = False, like: Mapping[str, Tensor] | None = None
) -> nn.Module:
    """A network that gives scores (N, class_count, h, w), not upsampled, for normalised RGB float32 (N, 3, H, W).

    Args:
        name: one of ARCHITECTURES.
        class_count: how many scores each place has.
        pretrained: start the backbone from ImageNet; torchvision downloads its weights, deeplabv3_lite's come with a
            package.
        like: weights that the network is to take over; deeplabv3_lite may have been narrowed.

    Raises:
        UsageError: the name is unknown.
    """
    if name not in ARCHITECTURES:
        raise UsageError("unknown architecture", name, f"choose one of {', '.join(ARCHITECTURES)}")
    if name == LITE.name:
        lite = DeepLabV3Lite(class_count, like)
        if pretrained:
            lite.load_imagenet_weights()
        return lite
    build = getattr(import_torchvision().models.segmentation, name)
    backbone = "IMAGENET1K_V1" if pretrained else None
    network = TorchvisionScores(build(weights=None, weights_backbone=backbone, num_classes=class_count))
    remove_dropout(network)
    return network


def remove_dropout(network: nn.Module) -> None:
    """Take away the networks' only randomness: parts of a batch are trained side by side, in no certain order."""
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0


def early_stages(network: nn.Module) -> Iterator[nn.Module]:
    """The stages a short training leaves as they are: those up to stride 4, where convolutions cost most."""
    if isinstance(network, DeepLabV3Lite):
        yield from network.early_stages()
        return
    backbone = network.get_submodule("backbone")
    until = {"layer2", "4"}
    for child_name, child in backbone.named_children():
        if child_name in until:
            return
        yield child


def freeze(stages: Iterator[nn.Module]) -> None:
    """Keep weights and batch normalisation of some stages as they are, also while the rest trains."""
    for stage in stages:
        stage.requires_grad_(False)
        stage.eval()


def normalise(pictures: Tensor, architecture: Architecture) -> Tensor:
    """uint8 (N, 3, H, W), RGB -> float32 of the architecture's scale, channels last in memory."""
    mean = torch.tensor(architecture.mean, device=pictures.device).view(1, 3, 1, 1)
    std = torch.tensor(architecture.std, device=pictures.device).view(1, 3, 1, 1)
    return ((pictures.float() - mean) / std).contiguous(memory_format=torch.channels_last)

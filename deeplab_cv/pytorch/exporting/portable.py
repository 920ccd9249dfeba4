"""Rewrites a PyTorch network so that its ONNX file means the same to every engine; the scores stay what they are.

Each rewrite is exact but for rounding: batch normalisation becomes part of the convolution before it, image pooling
needs neither Resize nor Expand, no size is computed inside the graph, and the input takes plain colours 0..255.
"""

import copy
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from deeplab_cv.errors import NetworkError
from deeplab_cv.pytorch.architecture_facts import Architecture
from deeplab_cv.pytorch.torchvision_import import import_torchvision


def portable_network(network: nn.Module, architecture: Architecture) -> nn.Module:
    """A copy of a network that takes pictures 0..255 and holds nothing an engine reads differently.

    Args:
        network: takes normalised RGB (N, 3, H, W), gives scores (N, classes, h, w).
        architecture: its mean and std.

    Returns:
        A network for float32 (N, 3, H, W), RGB, 0..255; its scores are those of `network` to rounding.
    """
    # In float64, so that folding weights into each other costs nothing.
    copied = copy.deepcopy(network).eval().double()
    split_image_pooling(copied)
    fold_batch_normalisation(copied)
    return PlainColours(copied, architecture).float().eval()


class PlainColours(nn.Module):
    """A network that subtracts the mean itself; the division by std is part of its first convolution.

    The mean cannot be folded as well: the convolution pads with zeros, which must go on standing for the mean. As one
    subtraction from three channels it costs nothing to speak of.
    """

    def __init__(self, network: nn.Module, architecture: Architecture) -> None:
        super().__init__()
        self.network = network
        first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
        with torch.no_grad():
            first.weight /= torch.tensor(architecture.std, dtype=first.weight.dtype).view(1, 3, 1, 1)
        self.mean = nn.Buffer(torch.tensor(architecture.mean).view(1, 3, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores (N, classes, h, w) of pictures (N, 3, H, W), RGB, 0..255."""
        scores: Tensor = self.network(pictures - self.mean)
        return scores


class SplitPyramid(nn.Module):
    """torchvision's ASPP with the projection after its concatenation split: W [b; p] = Wb b + Wp p.

    The pooled pixel p is then broadcast by the sum instead of resized to the size of b. It is written as the
    subtraction of the negated term: OpenCV 5.0 fuses an addition into the convolution and then refuses the broadcast.
    """

    def __init__(self, pyramid: nn.Module) -> None:
        super().__init__()
        *local, pooling = pyramid.get_submodule("convs").children()
        projection, normalisation, *rest = pyramid.get_submodule("project").children()
        if not isinstance(projection, nn.Conv2d) or not isinstance(normalisation, nn.BatchNorm2d):
            raise NetworkError("unknown form of image pooling", type(pyramid).__name__, "use torchvision 0.15 or newer")
        whole = fuse_conv_bn_eval(projection, normalisation)
        pooled_channels = whole.out_channels
        local_channels = whole.in_channels - pooled_channels
        self.local = nn.ModuleList(local)
        # Children of torchvision's pooling, without its own forward, which resizes.
        self.pooling = nn.Sequential(*pooling.children())
        self.project = nn.Conv2d(local_channels, whole.out_channels, 1)
        self.negate = nn.Conv2d(pooled_channels, whole.out_channels, 1, bias=False)
        self.rest = nn.Sequential(*rest)
        with torch.no_grad():
            self.project.weight.copy_(whole.weight[:, :local_channels])
            self.negate.weight.copy_(-whole.weight[:, local_channels:])
            if whole.bias is not None and self.project.bias is not None:
                self.project.bias.copy_(whole.bias)

    def forward(self, features: Tensor) -> Tensor:
        """The projected features: (N, C, h, w) -> (N, 256, h, w)."""
        local = self.project(torch.cat([branch(features) for branch in self.local], dim=1))
        projected: Tensor = self.rest(local - self.negate(self.pooling(features)))
        return projected


class FixedFactorHead(nn.Module):
    """torchvision's LR-ASPP head, resizing by the factor 2 instead of to a size computed in the graph.

    The classifier moves before the resizing, which it commutes with (both are linear, and the weights of an
    interpolation sum to one): six times fewer channels are resized.
    """

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.cbr = head.get_submodule("cbr")
        self.scale = head.get_submodule("scale")
        self.low_classifier = head.get_submodule("low_classifier")
        self.high_classifier = head.get_submodule("high_classifier")

    def forward(self, features: dict[str, Tensor]) -> Tensor:
        """Scores at stride 8 from features at strides 8 and 16."""
        deep = features["high"]
        scores = self.high_classifier(self.cbr(deep) * self.scale(deep))
        resized = functional.interpolate(scores, scale_factor=2.0, mode="bilinear", align_corners=False)
        summed: Tensor = self.low_classifier(features["low"]) + resized
        return summed


def split_image_pooling(network: nn.Module) -> None:
    """Replace torchvision's ASPP and LR-ASPP head, wherever they are in a network, by their portable forms."""
    models = import_torchvision().models.segmentation
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, models.deeplabv3.ASPP):
                setattr(parent, name, SplitPyramid(child).to(next(child.parameters()).dtype))
            elif isinstance(child, models.lraspp.LRASPPHead):
                setattr(parent, name, FixedFactorHead(child))


def fold_batch_normalisation(network: nn.Module) -> None:
    """Make batch normalisation part of the convolution that stands before it in the same module."""
    for parent, name, convolution, normalisation in normalised_convolutions(network):
        folded = fuse_conv_bn_eval(convolution, normalisation)
        convolution.weight, convolution.bias = folded.weight, folded.bias
        # timm's batch normalisation carries the activation.
        setattr(parent, name, getattr(normalisation, "act", nn.Identity()))


def normalised_convolutions(network: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Conv2d, nn.BatchNorm2d]]:
    """Each convolution with the batch normalisation that follows it in the same module: parent, its name, both."""
    for parent in list(network.modules()):
        for (_, convolution), (name, normalisation) in pairwise(list(parent.named_children())):
            while isinstance(convolution, nn.Sequential) and len(convolution):
                convolution = convolution[-1]
            if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
                yield parent, name, convolution, normalisation

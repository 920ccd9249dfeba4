"""Forms of deeplabv3_lite whose last blocks are narrower, begun from the weights of the whole network."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from deeplab_cv.pytorch.lite import DeepLabV3Lite

FORMS = {"full": (1.0, False), "half": (0.5, False), "half_short": (0.5, True)}
"""Name: (share of the expansions of stages 5 and 6 that is kept, stage 6 is one 1x1 convolution)."""

GRANULARITY = 16


def build_form(form: str, start: dict[str, Tensor]) -> DeepLabV3Lite:
    """The network in one of the forms, with the weights of the whole network where they fit."""
    share, short = FORMS[form]
    network = DeepLabV3Lite(21)
    network.load_state_dict(start)
    stages = network.backbone.blocks
    for block in [*stages[5], *([] if short else stages[6])]:
        if share < 1:
            keep_strongest(block, round(block.conv_dw.in_channels * share / GRANULARITY) * GRANULARITY)
    if short:
        stages[6] = nn.Sequential(nn.Conv2d(192, 320, 1, bias=False), nn.BatchNorm2d(320))
    return network


def keep_strongest(block: nn.Module, count: int) -> None:
    """Leave the `count` channels of an inverted residual block's expansion that add most to its output.

    A channel's strength: the scale of its second batch normalisation times the norm of its weights in the projection
    (Liu et al., "Learning efficient convolutional networks through network slimming", ICCV 2017, takes the scale).
    """
    strength = block.bn2.weight.detach().abs() * block.conv_pwl.weight.detach().flatten(1).norm(dim=0)
    kept = strength.topk(count).indices.sort().values
    for convolution in (block.conv_pw, block.conv_dw):
        convolution.weight = nn.Parameter(convolution.weight.detach()[kept].clone())
        convolution.out_channels = count
    block.conv_dw.in_channels = block.conv_dw.groups = count
    block.conv_pwl.weight = nn.Parameter(block.conv_pwl.weight.detach()[:, kept].clone())
    block.conv_pwl.in_channels = count
    for norm in (block.bn1, block.bn2):
        norm.num_features = count
        norm.weight = nn.Parameter(norm.weight.detach()[kept].clone())
        norm.bias = nn.Parameter(norm.bias.detach()[kept].clone())
        norm.running_mean = norm.running_mean[kept].clone()
        norm.running_var = norm.running_var[kept].clone()


def measure_norms(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Give every batch normalisation the statistics of what goes through it; what the network computes stays.

    An exported network has its normalisations folded into the convolutions. Trained on as it is, its first batch would
    change everything; and the scales, by which channels are left out, would be 1.
    """
    norms = {module: Moments() for module in network.modules() if isinstance(module, nn.BatchNorm2d)}
    hooks = [
        norm.register_forward_pre_hook(lambda module, inputs: norms[module].add(inputs[0].detach())) for norm in norms
    ]
    network.eval()
    with torch.no_grad():
        for pictures in batches:
            network(pictures)
        for hook in hooks:
            hook.remove()
        for norm, moments in norms.items():
            slope = norm.weight / (norm.running_var + norm.eps).sqrt()
            offset = norm.bias - slope * norm.running_mean
            norm.running_mean.copy_(moments.mean())
            norm.running_var.copy_(moments.variance())
            norm.weight.copy_(slope * (norm.running_var + norm.eps).sqrt())
            norm.bias.copy_(offset + slope * norm.running_mean)


class Moments:
    """Mean and variance of channels over several batches."""

    def __init__(self) -> None:
        self.count = 0
        self.sums: Tensor | float = 0.0
        self.squares: Tensor | float = 0.0

    def add(self, features: Tensor) -> None:
        """Count one batch (N, C, H, W) in."""
        features = features.double()
        self.count += features.numel() // features.shape[1]
        self.sums = self.sums + features.sum(dim=(0, 2, 3))
        self.squares = self.squares + features.square().sum(dim=(0, 2, 3))

    def mean(self) -> Tensor:
        """(C,)."""
        return torch.as_tensor(self.sums) / self.count

    def variance(self) -> Tensor:
        """(C,)."""
        return (torch.as_tensor(self.squares) / self.count - self.mean().square()).clamp(min=1e-8)

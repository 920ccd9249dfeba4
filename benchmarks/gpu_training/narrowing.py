"""Narrower blocks, their projections fitted by least squares to what the whole blocks give: nothing is trained yet.

After He et al., "Channel pruning for accelerating very deep neural networks", ICCV 2017; channels are chosen by
orthogonal matching pursuit in place of LASSO, and each block sees what the narrowed ones before it give.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from deeplab_cv.pytorch.lite import keep_expanded

RIDGE = 1e-4
"""Added to the diagonal, as a share of its mean: channels that are nearly alike must not get huge weights."""


@dataclass(frozen=True)
class Products:
    """What a linear fit needs of its inputs (places, n) and targets (places, m): means and centred products."""

    mean: Tensor
    target_mean: Tensor
    gram: Tensor
    cross: Tensor


def products_of(pairs: Iterable[tuple[Tensor, Tensor]]) -> Products:
    """Of pairs of feature maps (N, n, h, w) and (N, m, h, w)."""
    count, total, target_total, gram, cross = 0, 0.0, 0.0, 0.0, 0.0
    for inputs, targets in pairs:
        rows, wanted = (each.permute(0, 2, 3, 1).flatten(0, 2) for each in (inputs, targets))
        count += len(rows)
        total = total + rows.sum(dim=0).double()
        target_total = target_total + wanted.sum(dim=0).double()
        gram = gram + (rows.T @ rows).double()
        cross = cross + (rows.T @ wanted).double()
    mean, target_mean = total / count, target_total / count
    return Products(mean, target_mean, gram - count * mean.outer(mean), cross - count * mean.outer(target_mean))


def most_telling(products: Products, count: int) -> Tensor:
    """The channels that explain most of the targets together, each chosen beside those before it: int64, sorted."""
    left, explained = products.gram.clone(), products.cross.clone()
    least = 1e-6 * left.diagonal().mean()
    free = torch.ones(len(left), dtype=torch.bool, device=left.device)
    for _ in range(count):
        gain = explained.square().sum(dim=1) / (left.diagonal() + least)
        chosen = int(torch.where(free, gain, -1).argmax())
        free[chosen] = False
        share = left[:, chosen] / (left[chosen, chosen] + least)
        explained -= share.outer(explained[chosen].clone())
        left -= share.outer(left[chosen].clone())
    return (~free).nonzero().flatten()


def fit(products: Products, kept: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (m, kept) and biases (m,) of the best linear map from these channels to the targets."""
    gram = products.gram[kept][:, kept]
    gram = gram + RIDGE * gram.diagonal().mean() * torch.eye(len(kept), dtype=gram.dtype, device=gram.device)
    weights = torch.linalg.solve(gram, products.cross[kept]).T
    return weights.float(), (products.target_mean - weights @ products.mean[kept]).float()


@torch.no_grad()
def narrow_stages(network: nn.Module, pictures: Sequence[Tensor], share: float, *, short: bool, step: int) -> None:
    """Narrow the expansions of stages 5 and 6, in place.

    Args:
        network: a DeepLabV3Lite in evaluation mode.
        pictures: normalised batches (N, 3, H, W) to fit by.
        share: of the channels that stay.
        short: stage 6 becomes one 1x1 convolution.
        step: the number of channels is a multiple of this.
    """
    stages = network.backbone.blocks
    whole = [early_features(network, batch)[1] for batch in pictures]
    own = list(whole)
    for number in (5, 6):
        if number == 6 and short:
            wanted = [stages[6](features) for features in whole]
            stages[6] = fitted_convolution(products_of(zip(own, wanted, strict=True)))
            continue
        for block in stages[number]:
            wanted = [block(features) for features in whole]
            narrow_block(block, own, wanted, round(block.conv_dw.in_channels * share / step) * step)
            own = [block(features) for features in own]
            whole = wanted


def early_features(network: nn.Module, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """What the decoder gets, and what stage 5 gets."""
    backbone = network.backbone
    features = backbone.bn1(backbone.conv_stem(pictures))
    for stage in backbone.blocks[:3]:
        features = stage(features)
    return features, backbone.blocks[4](backbone.blocks[3](features))


def narrow_block(block: nn.Module, inputs: Sequence[Tensor], wanted: Sequence[Tensor], count: int) -> None:
    """Leave `count` channels of an inverted residual block's expansion, and fit its projection, in place."""
    expanded = (block.bn2(block.conv_dw(block.bn1(block.conv_pw(features)))) for features in inputs)
    targets = (target - features if block.has_skip else target for target, features in zip(wanted, inputs, strict=True))
    products = products_of(zip(expanded, targets, strict=True))
    kept = most_telling(products, count)
    weights, biases = fit(products, kept)
    keep_expanded(block, kept)
    block.conv_pwl.weight = nn.Parameter(weights[:, :, None, None].contiguous())
    pass_through(block.bn3, biases)


def fitted_convolution(products: Products) -> nn.Sequential:
    """A 1x1 convolution and its normalisation in place of a whole stage."""
    weights, biases = fit(products, torch.arange(len(products.mean), device=products.mean.device))
    convolution = nn.Conv2d(weights.shape[1], weights.shape[0], 1, bias=False)
    convolution.weight = nn.Parameter(weights[:, :, None, None].contiguous())
    norm = nn.BatchNorm2d(weights.shape[0]).to(weights.device)
    pass_through(norm, biases)
    return nn.Sequential(convolution, norm).eval()


def pass_through(norm: nn.Module, biases: Tensor) -> None:
    """Make a normalisation add these biases, and nothing else."""
    norm.weight.data.fill_(1)
    norm.bias.data.copy_(biases)
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)

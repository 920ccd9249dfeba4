"""Forms of deeplabv3_lite whose last blocks are narrower, begun from the weights of the whole network."""

from collections.abc import Iterable, Sequence

import torch
from narrowing import narrow_stages
from torch import Tensor, nn

from deeplab_cv.pytorch.lite import DeepLabV3Lite

FORMS = {"full": (1.0, False), "half": (0.5, False), "half_short": (0.5, True)}
"""Name: (share of the expansions of stages 5 and 6 that is kept, stage 6 is one 1x1 convolution)."""

GRANULARITY = 16


def build_form(form: str, start: dict[str, Tensor], pictures: Sequence[Tensor] = ()) -> DeepLabV3Lite:
    """The network in one of the forms, in evaluation mode.

    Args:
        form: a name of `FORMS`.
        start: the weights of the whole network.
        pictures: normalised batches that a narrower form is fitted by, on the device that it is made on.
    """
    share, short = FORMS[form]
    network = DeepLabV3Lite(21, like=start).eval()
    network.load_state_dict(start)
    if share < 1:
        network.to(pictures[0].device)
        narrow_stages(network, pictures, share, short=short, step=GRANULARITY)
        measure_norms(network, pictures)
    return network


def measure_norms(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Give every batch normalisation the statistics of what goes through it; what the network computes stays.

    An exported network has its normalisations folded into the convolutions. Trained on as it is, its first batch would
    change everything.
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
        self.count += features.numel() // features.shape[1]
        self.sums = self.sums + features.sum(dim=(0, 2, 3), dtype=torch.float64)
        self.squares = self.squares + features.square().sum(dim=(0, 2, 3), dtype=torch.float64)

    def mean(self) -> Tensor:
        """(C,)."""
        return torch.as_tensor(self.sums) / self.count

    def variance(self) -> Tensor:
        """(C,)."""
        return (torch.as_tensor(self.squares) / self.count - self.mean().square()).clamp(min=1e-8)

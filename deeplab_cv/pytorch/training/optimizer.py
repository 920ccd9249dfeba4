"""How weights move: learning rates of the layers, and the average that is kept of them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from deeplab_cv.pytorch.architectures import CLASS_LAYERS

Tensors = tuple[Tensor, ...] | list[Tensor]

EMA_DECAY = 0.998
WEIGHT_DECAY = 0.02
BACKBONE_SHARE = 0.4
BEGUN_SHARE = 0.1
"""Of the rate, for what was trained before. AdamW's first steps are as long as its later ones: at the whole rate a
hundred of them undo more than fifty pictures can teach anew."""


def build_optimizer(
    network: nn.Module, learning_rate: float, *, begun: bool, grown: bool = False
) -> torch.optim.Optimizer:
    """AdamW: the pretrained backbone at a lower rate than the head, weight decay on convolutions only.

    Args:
        network: what is trained.
        learning_rate: of the head.
        begun: the network was trained as a whole before.
        grown: its last layer has new rows since, and the full rate.
    """
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((rate_share(name, begun=begun, grown=grown), parameter.ndim > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "weight_decay": WEIGHT_DECAY if decays else 0.0,
                "full_rate": learning_rate * share,
            }
            for (share, decays), parameters in groups.items()
        ],
        lr=learning_rate,
    )


def rate_share(name: str, *, begun: bool, grown: bool) -> float:
    """The share of the learning rate that a parameter gets, by its name in the network."""
    share = BACKBONE_SHARE if name.startswith("backbone.") else 1.0
    known = begun and not (grown and name.startswith(CLASS_LAYERS))
    return share * BEGUN_SHARE if known else share


def leave_rows(network: nn.Module, rows: Sequence[int]) -> None:
    """Take the gradients of some classes' rows of the last layer away.

    A class that is in no mask has gradients that are small but always point away from it, and AdamW makes full steps
    of them: after some dozen it would never be seen again.
    """
    for name, parameter in network.named_parameters():
        if rows and name.startswith(CLASS_LAYERS) and parameter.grad is not None:
            parameter.grad[rows] = 0


def move_average(averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
    """Exponential moving average of weights and buffers; over the first steps it forgets faster."""
    decay = min(EMA_DECAY, (1 + int(count)) / (10 + int(count)))
    for average, value in zip(averaged, current, strict=True):
        if average.is_floating_point():
            average.lerp_(value, 1 - decay)
        else:
            average.copy_(value)

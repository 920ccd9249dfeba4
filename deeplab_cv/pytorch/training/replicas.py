"""One training step on several processor cores: each takes a part of the batch, and they meet once, at the gradients.

torch's own way, all cores on each operation, has them wait for each other a thousand times a step; on a machine
that does anything else meanwhile that halves the speed (seen).
"""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

Part = tuple[Tensor, ...]
Loss = Callable[[nn.Module, Part], Tensor]


class Replicas:
    """Copies of a network that share its parameters; batch normalisation sees each part of a batch by itself."""

    def __init__(self, network: nn.Module, count: int) -> None:
        self.networks = [network, *(share_parameters(network) for _ in range(count - 1))]
        self.parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.pool = ThreadPoolExecutor(count) if count > 1 else None
        if count > 1:
            torch.set_num_threads(1)

    def backward(self, loss: Loss, batch: Part) -> float:
        """Set the gradients of the mean loss over the parts of a batch, and return that loss.

        The result does not depend on which part is done first.
        """
        count = len(self.networks)
        parts = zip(*(tensor.tensor_split(count) for tensor in batch), strict=True)
        jobs = list(zip(self.networks, parts, strict=True))
        if self.pool is None:
            results = [self.gradients(loss, *job) for job in jobs]
        else:
            results = list(self.pool.map(lambda job: self.gradients(loss, *job), jobs))
        for index, parameter in enumerate(self.parameters):
            total = results[0][1][index]
            for _, gradients in results[1:]:
                total = total + gradients[index]
            parameter.grad = total / count
        self.share_statistics()
        return sum(float(value) for value, _ in results) / count

    def gradients(self, loss: Loss, network: nn.Module, part: Part) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Loss and gradients of one part."""
        value = loss(network, part)
        return value.detach(), torch.autograd.grad(value, self.parameters)

    def follow_first(self) -> None:
        """Give every copy the first one's statistics, after weights were loaded into that."""
        for network in self.networks[1:]:
            network.load_state_dict(self.networks[0].state_dict())

    def share_statistics(self) -> None:
        """Give every copy the mean of their batch normalisation statistics."""
        for buffers in zip(*(network.buffers() for network in self.networks), strict=True):
            if len(buffers) > 1 and buffers[0].is_floating_point():
                mean = torch.stack(buffers).mean(dim=0)
                for buffer in buffers:
                    buffer.copy_(mean)


def share_parameters(network: nn.Module) -> nn.Module:
    """A copy with the same parameter objects but buffers of its own."""
    shared = {id(parameter): parameter for parameter in network.parameters()}
    return copy.deepcopy(network, memo=dict(shared))

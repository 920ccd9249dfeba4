"""A network of one convolution, whose labels can be told from the colours of a picture."""

import torch


class SaysTheColour(torch.nn.Module):
    """Class 1, a person, where a picture is red, class 2, a sheep, where it is blue, else the background."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 3, 1)
        with torch.no_grad():
            self.conv.weight[..., 0, 0] = torch.tensor([[0.0, 0, 0], [1, 0, -1], [-1, 0, 1]])
            self.conv.bias[:] = torch.tensor([0.5, 0, 0])

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        """`out`: scores (N, 3, H, W) of pictures (N, 3, H, W)."""
        return {"out": self.conv(pictures)}

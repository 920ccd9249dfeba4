"""torchvision's own network in PyTorch through torch.compile. Its weights are random, which costs the same."""

import torch
from torchvision_eager import segment

segment(__doc__, torch.compile)

"""Writes the proof that goes with a network: PyTorch's scores for inputs anybody can make again."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from deeplab_cv.engines.engine import Blob
from deeplab_cv.frames.frame import Scores
from deeplab_cv.networks.card import Precision
from deeplab_cv.networks.golden import FLOAT32_TOLERANCE, greatest_error, rounded_up

MARGIN = 3.0
"""How many times PyTorch's own error in a precision another engine may be off: they round in other places."""


class RoundedConvolutions(TorchFunctionMode):
    """Meanwhile convolutions take and give numbers of a lesser precision, and sum in float32 as processors do.

    So does torch.autocast, but on a processor without such arithmetic it takes half an hour for a ResNet-50 (seen).
    """

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Called by torch in place of each of its functions."""
        if func is not torch.conv2d:
            return func(*args, **(kwargs or {}))
        rounded = func(*(self.rounded(each) for each in args), **(kwargs or {}))
        return self.rounded(rounded)

    def rounded(self, value: Any) -> Any:
        """A tensor's numbers as this precision holds them, as float32; anything else as it is."""
        return value.to(self.dtype).float() if isinstance(value, Tensor) else value


def scores_of(network: Callable[[Tensor], Tensor], blob: Blob) -> Scores:
    """PyTorch's float32 scores (classes, h, w) of one input (1, 3, height, width)."""
    with torch.inference_mode():
        scores: Scores = network(torch.from_numpy(blob))[0].float().numpy()
    return scores


def measured_tolerances(network: Callable[[Tensor], Tensor], blob: Blob) -> dict[Precision, float]:
    """How far scores may be off in each precision: three times what PyTorch is off with every convolution in it.

    A precision in which they may be off by the greatest score itself is left out: no engine could be wrong in it.
    """
    expected = scores_of(network, blob)
    tolerances: dict[Precision, float] = {"float32": FLOAT32_TOLERANCE}
    lesser: dict[Precision, torch.dtype] = {"float16": torch.float16, "bfloat16": torch.bfloat16}
    for precision, dtype in lesser.items():
        with RoundedConvolutions(dtype):
            error = greatest_error(scores_of(network, blob), expected)
        tolerance = max(rounded_up(MARGIN * error), FLOAT32_TOLERANCE)
        if tolerance < 1:
            tolerances[precision] = tolerance
    return tolerances

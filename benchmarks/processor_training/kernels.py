"""A network's depthwise convolutions and frozen normalisations by kernels.cpp, for a training on a processor."""

import ctypes
import itertools
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

LANES = 16
FLAGS = ("-O3", "-march=native", "-fopenmp", "-shared", "-fPIC")


class Shape(ctypes.Structure):
    """`Shape` of kernels.cpp."""

    _fields_ = [
        (name, ctypes.c_int)
        for name in (
            "count",
            "height",
            "width",
            "channels",
            "kernel",
            "dilation",
            "padding",
            "stride",
            "out_height",
            "out_width",
        )
    ]


def build(folder: Path) -> ctypes.CDLL:
    """Compile kernels.cpp into a folder, and load it. Import torch before: both then have the same OpenMP."""
    library = folder.resolve() / "kernels.so"
    subprocess.run(["g++", *FLAGS, Path(__file__).with_name("kernels.cpp"), "-o", library], check=True)
    return ctypes.CDLL(str(library))


def use(network: nn.Module, library: ctypes.CDLL) -> None:
    """Let what a network trains run by the kernels; weights and their names stay. Normalisations keep their statistics.

    The convolutions of the early stages pad on one side (`make_padding_static`); their padding becomes the kernel's.
    """
    Depthwise.library = Affine.library = library
    for module in list(network.modules()):
        if isinstance(module, nn.Sequential) and isinstance(module[0], nn.ZeroPad2d) and module[1].groups > 1:
            module[1].around = module[0].padding[:2]
            module[0] = nn.Identity()
        if isinstance(module, nn.Sequential):
            for place, (norm, relu) in enumerate(itertools.pairwise(module)):
                if isinstance(norm, nn.BatchNorm2d) and isinstance(relu, nn.ReLU6):
                    norm.act = relu
                    module[place + 1] = nn.Identity()
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels and module.groups % LANES == 0:
            module.__class__ = DepthwiseConv2d
        elif isinstance(module, nn.BatchNorm2d) and module.num_features % LANES == 0:
            module.__class__ = AffineNorm


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise nn.Conv2d without bias."""

    def forward(self, input: Tensor) -> Tensor:
        before, after = getattr(self, "around", (self.padding[0], self.padding[0]))
        return Depthwise.apply(input, self.weight, self.dilation[0], before, after, self.stride[0])


class AffineNorm(nn.BatchNorm2d):
    """A batch normalisation whose statistics stay, with the ReLU6 that follows it as its attribute `act`."""

    def forward(self, input: Tensor) -> Tensor:
        scale = self.weight / (self.running_var + self.eps).sqrt()
        relu = isinstance(getattr(self, "act", None), nn.ReLU6)
        return Affine.apply(input, scale, self.bias - self.running_mean * scale, relu)


class Depthwise(torch.autograd.Function):
    library: ctypes.CDLL

    @staticmethod
    def forward(ctx: Any, map: Tensor, weight: Tensor, dilation: int, before: int, after: int, stride: int) -> Tensor:
        map = laid_out(map)
        count, channels, height, width = map.shape
        kernel = weight.shape[2]
        lost = dilation * (kernel - 1) + 1 - before - after
        sides = ((height - lost) // stride + 1, (width - lost) // stride + 1)
        ctx.shape = Shape(count, height, width, channels, kernel, dilation, before, stride, *sides)
        out = torch.empty(count, channels, *sides, dtype=map.dtype, memory_format=torch.channels_last)
        call(Depthwise.library.depthwise_forward, (map, packed(weight), out), ctypes.byref(ctx.shape))
        ctx.save_for_backward(map, weight)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        map, weight = ctx.saved_tensors
        channels, _, kernel, _ = weight.shape
        map_gradient = torch.empty_like(map, memory_format=torch.channels_last)
        filters = torch.empty(channels // LANES, kernel**2, LANES)
        tensors = (map, laid_out(gradients[0]), packed(weight.flip(2, 3)), map_gradient, filters)
        call(Depthwise.library.depthwise_backward, tensors, ctypes.byref(ctx.shape))
        return map_gradient, filters.transpose(1, 2).reshape(weight.shape), None, None, None, None


class Affine(torch.autograd.Function):
    library: ctypes.CDLL

    @staticmethod
    def forward(ctx: Any, map: Tensor, scale: Tensor, shift: Tensor, relu: bool) -> Tensor:
        map = laid_out(map)
        out = torch.empty_like(map, memory_format=torch.channels_last)
        ctx.sizes = ctypes.c_long(map.numel() // map.shape[1]), map.shape[1], int(relu)
        call(Affine.library.affine_forward, (map, scale, shift, out), *ctx.sizes)
        ctx.save_for_backward(map, scale, shift)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        map, scale, shift = ctx.saved_tensors
        map_gradient = torch.empty_like(map, memory_format=torch.channels_last)
        scale_gradient, shift_gradient = torch.empty_like(scale), torch.empty_like(shift)
        tensors = (map, laid_out(gradients[0]), scale, shift, map_gradient, scale_gradient, shift_gradient)
        call(Affine.library.affine_backward, tensors, *ctx.sizes)
        return map_gradient, scale_gradient, shift_gradient, None


def laid_out(map: Tensor) -> Tensor:
    """As bfloat16, channels last."""
    return map.to(torch.bfloat16).contiguous(memory_format=torch.channels_last)


def packed(weight: Tensor) -> Tensor:
    """Filters (C, 1, K, K) as (C / 16, K * K, 16)."""
    channels, _, kernel, _ = weight.shape
    return weight.detach().float().reshape(channels // LANES, LANES, kernel**2).transpose(1, 2).contiguous()


def call(function: Callable[..., None], tensors: Sequence[Tensor], *more: object) -> None:
    """Call one of the library's functions with where the tensors lie."""
    function(*(ctypes.c_void_p(tensor.data_ptr()) for tensor in tensors), *more)

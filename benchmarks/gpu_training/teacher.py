"""The teacher: its ONNX graph as a PyTorch module, asked at the pictures' own shapes and mirrored."""

from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from pictures import CANVAS, Pictures
from torch import Tensor, nn
from torch.nn import functional

from deeplab_cv.frames.size import Size
from deeplab_cv.pytorch.training.teacher_sizes import teacher_size

GRID = 65
"""Rows and columns of the scores that are kept, corners aligned."""

SIDES = (513,)
"""Areas. Three of them (385, 513, 641) are better by half a point and take three times as long."""

BATCH = 32 if torch.cuda.is_available() else 2


class Graph(nn.Module):
    """A graph of Conv, Clip, Relu, Add and GlobalAveragePool, run node by node; any size goes in."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        model = onnx.load(path)
        self.nodes = list(model.graph.node)
        self.entry, self.exit = model.graph.input[0].name, model.graph.output[0].name
        readers = {name: place for place, node in enumerate(self.nodes) for name in node.input}
        self.last_read = {name: place for name, place in readers.items() if name != self.exit}
        self.constants = {item.name: str(place) for place, item in enumerate(model.graph.initializer)}
        for item in model.graph.initializer:
            self.register_buffer(f"constant_{self.constants[item.name]}", torch.tensor(numpy_helper.to_array(item)))

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores (N, classes, h, w) of (N, 3, H, W), -1..1."""
        values = {self.entry: pictures}

        def value(name: str) -> Tensor:
            return values[name] if name in values else getattr(self, f"constant_{self.constants[name]}")

        for place, node in enumerate(self.nodes):
            inputs = [value(name) for name in node.input]
            values[node.output[0]] = run_node(node, inputs)
            for name in node.input:
                if self.last_read.get(name) == place:
                    values.pop(name, None)
        return values[self.exit]


def run_node(node: onnx.NodeProto, inputs: list[Tensor]) -> Tensor:
    """The output of one node."""
    attributes = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    match node.op_type:
        case "Conv":
            top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
            padded = functional.pad(inputs[0], (left, right, top, bottom)) if top + left + bottom + right else inputs[0]
            return functional.conv2d(
                padded,
                *inputs[1:],
                stride=tuple(attributes.get("strides", (1, 1))),
                dilation=tuple(attributes.get("dilations", (1, 1))),
                groups=attributes.get("group", 1),
            )
        case "Clip":
            return inputs[0].clamp(0, 6)
        case "Relu":
            return functional.relu(inputs[0])
        case "Add":
            return inputs[0] + inputs[1]
        case "GlobalAveragePool":
            return inputs[0].mean(dim=(2, 3), keepdim=True)
    raise ValueError(f"the teacher has a node {node.op_type}")


def add_scores(pictures: Pictures, network: nn.Module, device: torch.device, dtype: torch.dtype) -> None:
    """Fill in the teacher's scores, on the processor: means over SIDES and mirror images."""
    scores = torch.empty(len(pictures.lists), 21, GRID, GRID, dtype=torch.float16)
    network = network.to(device, dtype, memory_format=torch.channels_last).eval()
    with torch.inference_mode():
        for seen, indices in by_size(pictures.sizes.tolist()).items():
            for chosen in torch.tensor(indices).split(BATCH):
                rgb, sizes = pictures.rgb[chosen].to(device).float(), pictures.sizes[chosen].to(device)
                total = torch.zeros((), device=device)
                for size in seen:
                    resized = resize(rgb, sizes, size).to(dtype, memory_format=torch.channels_last)
                    straight, mirrored = network(resized).float(), network(resized.flip(3)).float().flip(3)
                    total = total + functional.interpolate(
                        straight + mirrored, size=(GRID, GRID), mode="bilinear", align_corners=True
                    )
                scores[chosen] = (total / (2 * len(SIDES))).half().cpu()
    pictures.teacher = scores


def by_size(sizes: Sequence[Sequence[int]]) -> dict[tuple[Size, ...], list[int]]:
    """The pictures of (height, width) that the teacher sees at the same sizes, one of each area."""
    alike: dict[tuple[Size, ...], list[int]] = {}
    for index, (height, width) in enumerate(sizes):
        seen = tuple(teacher_size(Size(width, height), Size(side, side)) for side in SIDES)
        alike.setdefault(seen, []).append(index)
    return alike


def resize(rgb: Tensor, sizes: Tensor, size: Size) -> Tensor:
    """Whole pictures at one size, -1..1: (N, 3, H, W)."""
    along_x = (torch.arange(size.width, device=rgb.device) + 0.5) / size.width
    along_y = (torch.arange(size.height, device=rgb.device) + 0.5) / size.height
    xs = 2 * along_x[None, :] * sizes[:, 1:] / CANVAS - 1
    ys = 2 * along_y[None, :] * sizes[:, :1] / CANVAS - 1
    grid = torch.stack((xs[:, None, :].expand(-1, size.height, -1), ys[:, :, None].expand(-1, -1, size.width)), dim=-1)
    return functional.grid_sample(rgb, grid, padding_mode="border", align_corners=False) / 127.5 - 1

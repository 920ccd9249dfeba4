"""There: what nothing here can show. python machine.py START.pt MODEL.onnx

PyTorch on the GPU against the processor, an export from the GPU held against ONNX Runtime, milliseconds of
torchvision's deeplabv3_resnet101 at 448x448, and which providers ONNX Runtime and OpenCV have there.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import torch
import torchvision
from forms import build_form
from torch import Tensor, nn

TURNS = 50


def milliseconds(run: Callable[[], object]) -> float:
    """The median of TURNS runs, after ten that are not counted."""
    for _ in range(10):
        run()
    torch.cuda.synchronize()
    taken = []
    for _ in range(TURNS):
        started = time.perf_counter()
        run()
        torch.cuda.synchronize()
        taken.append(1000 * (time.perf_counter() - started))
    return float(np.median(taken))


def show_times(name: str, network: nn.Module, pictures: Tensor) -> None:
    """One line: float32 and float16 on the GPU, from tensor to scores."""
    network = network.cuda().eval()
    with torch.inference_mode():
        full = milliseconds(lambda: network(pictures.cuda()))
        network = network.half()
        half = milliseconds(lambda: network(pictures.cuda().half()))
    print(f"{name} {tuple(pictures.shape)}: float32 {full:.2f} ms, float16 {half:.2f} ms", flush=True)


def main() -> None:
    """Print everything."""
    print(torch.cuda.get_device_name(), "torch", torch.__version__, "onnxruntime", onnxruntime.__version__)
    print("onnxruntime providers:", onnxruntime.get_available_providers())
    print("opencv", cv2.__version__, "CUDA devices:", cv2.cuda.getCudaEnabledDeviceCount())
    halves = torch.load(sys.argv[1], weights_only=True)
    start = {name: value.float() if value.is_floating_point() else value for name, value in halves.items()}
    network = build_form("full", start).eval()
    pictures = torch.rand(1, 3, 288, 512) * 2 - 1
    with torch.inference_mode():
        wanted = network(pictures)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        found = network.cuda()(pictures.cuda()).cpu()
    greatest = wanted.abs().max()
    print(
        f"PyTorch CUDA against processor: error {((found - wanted).abs().max() / greatest):.1e} of the greatest score"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "exported.onnx"
        torch.onnx.export(
            network, (pictures.cuda(),), path, input_names=["input"], output_names=["output"], dynamo=True
        )
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        scores = session.run(None, {"input": pictures.numpy()})[0]
    print(f"exported from CUDA, ONNX Runtime: error {np.abs(scores - wanted.numpy()).max() / greatest:.1e}")
    show_times("deeplabv3_lite", network, pictures)
    resnet = torchvision.models.segmentation.deeplabv3_resnet101(weights=None, weights_backbone=None, num_classes=21)
    show_times("deeplabv3_resnet101", Scores(resnet), torch.rand(1, 3, 448, 448))


class Scores(nn.Module):
    """The tensor `out` of torchvision's dictionary."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores at the input's size."""
        scores: Tensor = self.network(pictures)["out"]
        return scores


if __name__ == "__main__":
    main()

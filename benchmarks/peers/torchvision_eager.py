"""torchvision's own network in PyTorch, eager. Its weights are random, which costs the same."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from interface import CLASS_COUNT, PAINTED, Stopwatch, arguments
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[2]))

from deeplab_cv.pytorch.torchvision_import import import_torchvision


def segment(description: str | None, prepare: Callable[[nn.Module], Callable[[Tensor], Any]]) -> None:
    """Segment the clip of the command line with the network that `prepare` makes of an eager one."""
    args = arguments(description)
    palette = np.zeros((CLASS_COUNT, 3), np.uint8)
    for label, colour in PAINTED.items():
        palette[label] = colour
    mean, std = torch.tensor(args.mean).view(3, 1, 1), torch.tensor(args.std).view(3, 1, 1)

    network = (
        import_torchvision()
        .models.segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None)
        .eval()
    )
    model = prepare(network)
    capture = cv2.VideoCapture(str(args.video))
    width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    writer = None
    if args.out:
        fourcc = cv2.VideoWriter_fourcc(*"mp4v")
        writer = cv2.VideoWriter(str(args.out), fourcc, capture.get(cv2.CAP_PROP_FPS), (width, height))

    watch = Stopwatch(args.seconds)
    with torch.inference_mode():
        while True:
            more, frame = capture.read()
            if not more:
                break
            watch.lap("decode")
            rgb = torch.from_numpy(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)).permute(2, 0, 1)
            small = functional.interpolate(rgb[None].float(), args.size[::-1], mode="bilinear", antialias=True)
            tensor = (small - mean) / std
            watch.lap("preprocess")
            scores = model(tensor)["out"]
            watch.lap("infer")
            upsampled = functional.interpolate(scores, (height, width), mode="bilinear")
            labels = upsampled[0].argmax(0).numpy()
            watch.lap("labels")
            picture = cv2.addWeighted(frame, 0.5, palette[labels], 0.5, 0)
            watch.lap("overlay")
            if writer:
                writer.write(picture)
                watch.lap("encode")
            if not watch.next_frame():
                break
    if writer:
        writer.release()
    watch.report()


if __name__ == "__main__":
    segment(__doc__, lambda network: network)

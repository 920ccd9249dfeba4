"""There: turns one package into tensors with the teacher's scores. python prepare.py PACKAGE OUT.pt"""

import os
import sys
import time
from pathlib import Path

import torch
from pictures import read_package
from teacher import Graph, add_scores

if __name__ == "__main__":
    package, out = Path(sys.argv[1]), Path(sys.argv[2])
    started = time.monotonic()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.benchmark = True
    pictures = read_package(package / "pictures.zip", max(1, (os.cpu_count() or 1) // 2))
    decoded = time.monotonic()
    network = Graph(package.parent / "package-1" / "teacher.onnx")
    add_scores(pictures, network, device, torch.float16 if device.type == "cuda" else torch.float32)
    unfinished = out.with_suffix(".unfinished")
    torch.save(pictures.__dict__, unfinished)
    unfinished.rename(out)
    print(
        f"{package.name}: {len(pictures.lists)} pictures, decoded in {decoded - started:.1f} s, "
        f"teacher in {time.monotonic() - decoded:.1f} s",
        flush=True,
    )

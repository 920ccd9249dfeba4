"""A long training of deeplabv3_lite on a processor with AMX and AVX-512, begun from the default network.

    python long_training.py FOLDER RUN --data DATA --until 11:50 --seed 32

FOLDER has what prepare.py made. The rate falls along a cosine until that time of the day; RUN/last.pt is where a
stopped training goes on and what choose.py takes.
"""

import argparse
import copy
import ctypes
import sys
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1] / "gpu_training"))
sys.path.insert(0, str(Path(__file__).parents[2]))

import kernels
from crops import Batch
from forms import measure_norms
from opencv_crops import CropCutter
from pictures import Pictures
from train import EMA_DECAY, Draw, parameter_groups, tensors

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.networks.card import without_folders
from deeplab_cv.networks.opening import default_network_file
from deeplab_cv.pytorch.architecture_facts import LITE
from deeplab_cv.pytorch.architectures import normalise
from deeplab_cv.pytorch.lite import DeepLabV3Lite
from deeplab_cv.pytorch.training.loss import segmentation_loss
from deeplab_cv.pytorch.training.schedule import learning_rate_factor
from deeplab_cv.pytorch.training.start import earlier_network
from deeplab_cv.pytorch.training.validate import evaluate_miou
from deeplab_cv.tools.data.layouts import find_records

HEAD_SHARE = 1.5
GRADIENT_NORM = 10.0
STAGES_KEPT = 3
"""The stem and the first stages stay as they are: all up to the decoder's features."""
CLOSING_SHARE = 0.7
CLOSING_SCALES = (0.75, 1.4)
CLOSING_LISTS = {"any": 0.8, "animals": 0.08, "person2": 0.07, "person": 0.05}
"""From this share of the time on pictures are seen about as large and as often as they are measured, and nothing is
pasted into them (Ge et al., "YOLOX", 2021; Touvron et al., "Fixing the train-test resolution discrepancy", 2019)."""
NORM_BATCHES = 12
PIXELS = 384
ALLOCATION = {-4: 0, -1: -1, -2: 64 << 20}
"""mallopt(3): nothing by mmap, nothing is given back, 64 MB more than asked for. glibc returns large tensors to the
system, which clears each page anew: a third of a step."""
AHEAD = 2
"""Batches that are cut beside the steps."""
LOGGED_EVERY, SAVED_EVERY, MEASURED_EVERY = 25, 240, 900
"""Steps, seconds and seconds."""
MEASURED = 150
"""Pictures of val on the way."""


class EarlyStages(nn.Module):
    """The stages that are kept: float (N, 3, H, W), 0..255 -> (N, 40, H/8, W/8)."""

    def __init__(self, network: DeepLabV3Lite) -> None:
        super().__init__()
        backbone = copy.deepcopy(network.backbone).eval()
        self.stages = nn.Sequential(backbone.conv_stem, backbone.bn1, *backbone.blocks[:STAGES_KEPT])

    def forward(self, pictures: Tensor) -> Tensor:
        return self.stages(normalise(pictures, LITE))


class QuickStages:
    """The same by OpenVINO in float16: bfloat16 has 7 % of error there, float16 0.7 %."""

    def __init__(self, stages: EarlyStages) -> None:
        self.stages = stages
        self.core = openvino.Core()
        self.requests: dict[torch.Size, openvino.InferRequest] = {}

    def __call__(self, pictures: Tensor) -> Tensor:
        """bfloat16, channels last, of uint8."""
        if pictures.shape not in self.requests:
            model = openvino.convert_model(self.stages, example_input=torch.zeros(1, 3, 64, 64))
            model.reshape(tuple(pictures.shape))
            before = openvino.preprocess.PrePostProcessor(model)
            before.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
            before.input().model().set_layout(openvino.Layout("NCHW"))
            options = {"INFERENCE_PRECISION_HINT": "f16", "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False}
            self.requests[pictures.shape] = self.core.compile_model(
                before.build(), "CPU", options
            ).create_infer_request()
        features = self.requests[pictures.shape].infer({0: pictures.permute(0, 2, 3, 1).contiguous().numpy()})[0]
        return torch.from_numpy(features).to(torch.bfloat16).contiguous(memory_format=torch.channels_last)


class Training:
    """The network, its average, its optimizer, and how far it is."""

    def __init__(self, network: DeepLabV3Lite, rate: float, library: object) -> None:
        self.averaged = copy.deepcopy(network).eval()
        self.begun = {name: value.clone() for name, value in network.state_dict().items()}
        self.network = network.eval().to(memory_format=torch.channels_last)
        self.early = QuickStages(EarlyStages(network))
        backbone = network.backbone
        for part in (backbone.conv_stem, backbone.bn1, *backbone.blocks[:STAGES_KEPT]):
            part.requires_grad_(False)
        kernels.use(network, library)
        groups = parameter_groups(network, backbone=1.0, head=HEAD_SHARE)
        self.rate, self.parameters = rate, [parameter for group in groups for parameter in group["params"]]
        self.optimizer = torch.optim.AdamW(groups, fused=True)
        self.values, self.averages = tensors(network), tensors(self.averaged)
        self.step, self.share, self.minutes = 0, 0.0, 0.0

    def train_step(self, batch: Batch) -> float:
        """One step; returns the loss."""
        factor = learning_rate_factor(self.share)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * group["share"] * factor
        shallow = features = self.early(batch.pictures)
        with torch.autocast("cpu", torch.bfloat16):
            for stage in self.network.backbone.blocks[STAGES_KEPT:]:
                features = stage(features)
            scores = self.network.scores(shallow, features)
        loss = segmentation_loss(scores, batch.labels, batch.teacher, 1.0)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, GRADIENT_NORM)
        self.optimizer.step()
        self.step += 1
        decay = min(EMA_DECAY, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(self.averages, self.values, 1 - decay)
        return loss.item()

    def save(self, path: Path, seed: int) -> None:
        """What a stopped training needs, and the facts of a checkpoint."""
        parts = {name: getattr(self, name).state_dict() for name in ("network", "averaged", "optimizer")}
        state = {"step": self.step, "share": self.share, "minutes": self.minutes, "begun": self.begun}
        facts = {
            "architecture": LITE.name,
            "classes": VOC_CLASSES,
            "pixels": PIXELS,
            "step": self.step,
            "minutes": self.minutes,
            "seed": seed,
            "command": without_folders(["python", *sys.argv]),
        }
        torch.save({**state, **parts, "facts": facts}, path.with_suffix(".unfinished"))
        path.with_suffix(".unfinished").replace(path)

    def restore(self, content: Mapping[str, Any]) -> None:
        for name in ("network", "averaged", "optimizer"):
            getattr(self, name).load_state_dict(content[name])
        for name in ("step", "share", "minutes", "begun"):
            setattr(self, name, content[name])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of tar shards, to measure on")
    parser.add_argument("--until", required=True, help="HH:MM of today")
    parser.add_argument("--rate", type=float, default=1.5e-4)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=32)
    parser.add_argument("--most-steps", type=int, default=10**9, help="to try the script")
    arguments = parser.parse_args()
    arguments.run.mkdir(parents=True, exist_ok=True)
    for parameter, value in ALLOCATION.items():
        ctypes.CDLL(None).mallopt(parameter, value)
    end = time.mktime(time.strptime(time.strftime("%Y-%m-%d ") + arguments.until, "%Y-%m-%d %H:%M"))
    library = kernels.build(arguments.run)
    pictures = Pictures(**torch.load(arguments.folder / "pictures.pt", mmap=True, weights_only=False))
    network, _ = earlier_network(default_network_file(), LITE.name)
    last = arguments.run / "last.pt"
    stopped = torch.load(last, weights_only=False) if last.exists() else None
    step = stopped["step"] if stopped else 0
    torch.manual_seed(arguments.seed + step)
    draw, cutter = Draw(pictures, arguments.seed + step), CropCutter(pictures, arguments.seed + step)

    def cut(share: float) -> Batch:
        if share < CLOSING_SHARE:
            indices = draw.indices(arguments.batch_size)
            return cutter.cut(indices, draw.scales[indices])
        indices = draw.indices(arguments.batch_size, CLOSING_LISTS)
        return cutter.cut(indices, draw.scales[indices].clamp(*CLOSING_SCALES), pasted=False)

    if stopped is None:
        measure_norms(network, [normalise(cut(0.0).pictures.float(), LITE) for _ in range(NORM_BATCHES)])
    training = Training(network, arguments.rate, library)
    if stopped is not None:
        training.restore(stopped)
    val = find_records(arguments.data, ("val",), VOC_CLASSES, arguments.run)

    def log(text: str) -> None:
        print(time.strftime("%H:%M:%S"), text, flush=True)
        with (arguments.run / "log.txt").open("a") as file:
            file.write(f"{time.strftime('%H:%M:%S')} {text}\n")

    def measure(count: int) -> None:
        accuracy = evaluate_miou(
            training.averaged, LITE, val[:count], len(VOC_CLASSES), PIXELS, torch.device("cpu"), lambda: None
        )
        shown = " ".join(f"{name} {accuracy.iou[VOC_CLASSES.index(name)]:.3f}" for name in ("person", "dog", "sheep"))
        log(f"step {training.step}: mIoU {accuracy.miou:.4f} {shown}, {count} pictures")

    began = saved = measured = time.time()
    first_share, first_minutes, losses = training.share, training.minutes, []
    ahead: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(1) as thread:
        while (now := time.time()) < end and training.step - step < arguments.most_steps:
            while len(ahead) < 1 + AHEAD:
                ahead.append(thread.submit(cut, training.share))
            training.share = first_share + (1 - first_share) * (now - began) / (end - began)
            training.minutes = first_minutes + (now - began) / 60
            losses.append(training.train_step(ahead.popleft().result()))
            if training.step % LOGGED_EVERY == 0:
                log(f"step {training.step}, {training.share:.3f} of the time: loss {np.mean(losses):.3f}")
                losses.clear()
            if now - saved > SAVED_EVERY:
                training.save(last, arguments.seed)
                saved = now
            if now - measured > MEASURED_EVERY:
                measure(MEASURED)
                measured = now
    training.save(last, arguments.seed)
    measure(len(val))


if __name__ == "__main__":
    main()

"""The heads that benchmarks/decoders.py compares, tuned on features of the default network that stay as they are."""

import copy
import importlib
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.networks.card import Origin, card_path
from deeplab_cv.networks.opening import default_network_file, open_network
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
from deeplab_cv.pytorch.architectures import normalise
from deeplab_cv.pytorch.export import ExportPlan, export
from deeplab_cv.pytorch.exporting.weights import TrainedNetwork
from deeplab_cv.pytorch.lite import (
    INPUT_MULTIPLE,
    WIDTH,
    DeepLabV3Lite,
    convolution,
    make_padding_static,
    separable_convolution,
)
from deeplab_cv.pytorch.training.crops import CropSettings, TrainingCrops
from deeplab_cv.pytorch.training.loss import segmentation_loss
from deeplab_cv.pytorch.training.optimizer import WEIGHT_DECAY
from deeplab_cv.pytorch.training.sampling import BalancedSampler
from deeplab_cv.pytorch.training.schedule import learning_rate_factor
from deeplab_cv.pytorch.training.start import earlier_network
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.data.survey import survey

ARCHITECTURE = ARCHITECTURES["deeplabv3_lite"]
PIXELS = 384
BATCHES, BATCH_SIZE, CROP_PIXELS, SEED = 120, 8, 288, 1
STEPS = 360
NEW_RATE, KNOWN_RATE = 1e-3, 1e-4

QUARTER_CHANNELS, QUARTER_WIDTH = 24, 48
"""Features of the backbone at stride 4, and how wide the second decoder is."""

Features = tuple[Tensor, Tensor, Tensor]
"""The backbone's features at strides 4, 8 and 16."""


class Stride16(nn.Module):
    """The default network's head without the features at stride 8: all of it at stride 16, as DeepLabV3's own."""

    def __init__(self, lite: DeepLabV3Lite) -> None:
        super().__init__()
        self.pyramid, self.refine, self.classifier = lite.pyramid, lite.refine, lite.classifier
        # What these two are given has changed.
        self.fast: tuple[nn.Module, ...] = (self.refine, self.classifier)
        self.untrained: tuple[nn.Module, ...] = ()

    def forward(self, features: Features) -> Tensor:
        """Scores (N, classes, H/16, W/16)."""
        scores: Tensor = self.classifier(self.refine(functional.relu6(self.pyramid(features[2]))))
        return scores


class Stride8(nn.Module):
    """The default network's head as it is."""

    def __init__(self, lite: DeepLabV3Lite) -> None:
        super().__init__()
        self.pyramid, self.skip, self.refine, self.classifier = lite.pyramid, lite.skip, lite.refine, lite.classifier
        self.fast: tuple[nn.Module, ...] = ()
        self.untrained: tuple[nn.Module, ...] = ()

    def decoded(self, features: Features) -> Tensor:
        """The features before the last layer, at stride 8."""
        coarse = enlarged(self.pyramid(features[2]))
        decoded: Tensor = self.refine(functional.relu6(coarse + self.skip(features[1])))
        return decoded

    def forward(self, features: Features) -> Tensor:
        """Scores (N, classes, H/8, W/8)."""
        scores: Tensor = self.classifier(self.decoded(features))
        return scores


class Stride4(nn.Module):
    """The same with a second decoder, whose scores are added to the enlarged ones of the first; they begin at 0."""

    def __init__(self, lite: DeepLabV3Lite) -> None:
        super().__init__()
        self.eighth = Stride8(lite)
        self.reduce = convolution(WIDTH, QUARTER_WIDTH, 1)
        self.skip = convolution(QUARTER_CHANNELS, QUARTER_WIDTH, 1)
        self.refine = separable_convolution(QUARTER_WIDTH, QUARTER_WIDTH, 1)
        self.classifier = nn.Conv2d(QUARTER_WIDTH, lite.classifier.out_channels, 1)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)  # type: ignore[arg-type]
        self.fast: tuple[nn.Module, ...] = (self.reduce, self.skip, self.refine, self.classifier)
        self.untrained = self.fast

    def forward(self, features: Features) -> Tensor:
        """Scores (N, classes, H/4, W/4)."""
        decoded = self.eighth.decoded(features)
        fine = self.refine(functional.relu6(enlarged(self.reduce(decoded)) + self.skip(features[0])))
        scores: Tensor = enlarged(self.eighth.classifier(decoded)) + self.classifier(fine)
        return scores


HEADS: dict[str, Callable[[DeepLabV3Lite], Any]] = {"stride16": Stride16, "stride8": Stride8, "stride4": Stride4}


class Whole(nn.Module):
    """Backbone and head: normalised RGB (N, 3, H, W) -> scores."""

    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores before softmax."""
        scores: Tensor = self.head(tuple(self.backbone(pictures)))
        return scores


def enlarged(maps: Tensor) -> Tensor:
    """Twice as high and wide."""
    return functional.interpolate(maps, scale_factor=2.0, mode="bilinear", align_corners=False)


def backbone_of(lite: DeepLabV3Lite) -> nn.Module:
    """The network's own backbone, which gives the features at stride 4 as well."""
    timm = importlib.import_module("timm")
    backbone: nn.Module = timm.create_model(
        "tf_efficientnet_lite0", features_only=True, output_stride=INPUT_MULTIPLE, out_indices=(1, 2, 4)
    )
    make_padding_static(backbone)
    backbone.load_state_dict(lite.backbone.state_dict())
    return backbone.eval()


def learn(out: Path, data: Path) -> None:
    """Write OUT/FORM.onnx with its card for each form that has weights."""
    network, classes = earlier_network(default_network_file(), ARCHITECTURE.name)
    assert isinstance(network, DeepLabV3Lite)
    backbone = backbone_of(network)
    for form, head_of in HEADS.items():
        file = out / f"{form}.onnx"
        if card_path(file).exists():
            continue
        torch.manual_seed(SEED)
        head = head_of(copy.deepcopy(network))
        tune(head, batches(out, data, backbone, len(classes)), form)
        origin = Origin(weights=f"{default_network_file().name}, its head tuned {STEPS} steps on frozen features")
        trained = TrainedNetwork(Whole(backbone, head).eval(), ARCHITECTURE, classes, PIXELS, origin)
        export(trained, ExportPlan(file, (PIXELS,), half=False, opset=13, command=" ".join(sys.argv)))


def batches(out: Path, data: Path, backbone: nn.Module, class_count: int) -> Sequence[Path]:
    """Files of (features float16, labels) of the same crops for every head; computed where they are not there yet."""
    folder = out / "features"
    files = [folder / f"{number:04d}.pt" for number in range(BATCHES)]
    if all(file.exists() for file in files):
        return files
    folder.mkdir(parents=True, exist_ok=True)
    records = find_records(data, ("train",), open_network(default_network_file()).card.classes, out)
    presence = np.stack(list(survey(records, class_count)))[:, :class_count]
    settings = CropSettings(CROP_PIXELS, 2 * INPUT_MULTIPLE, ARCHITECTURE.mean)
    crops = TrainingCrops(records, class_count, BalancedSampler(presence, BATCH_SIZE, SEED), settings, None)
    for number, file in enumerate(files):
        pictures, labels, _ = crops[number]
        with torch.inference_mode():
            features = tuple(each.half() for each in backbone(normalise(pictures, ARCHITECTURE)))
        torch.save((features, labels), file)
        if number % 20 == 0:
            print(f"features of crops: {number} of {BATCHES} batches", flush=True)
    return files


def tune(head: Any, files: Sequence[Path], form: str) -> None:
    """Train a head on the features; what the default network's head has learned goes on at a tenth of the rate."""
    head.eval()
    for module in head.untrained:
        module.train()
    fast = {id(parameter) for module in head.fast for parameter in module.parameters()}
    groups = [
        {"params": [each for each in head.parameters() if (id(each) in fast) is is_fast], "rate": rate}
        for is_fast, rate in ((True, NEW_RATE), (False, KNOWN_RATE))
    ]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=WEIGHT_DECAY)
    losses = []
    for step in range(STEPS):
        features, labels = torch.load(files[step % len(files)], weights_only=True)
        for group in optimizer.param_groups:
            group["lr"] = group["rate"] * learning_rate_factor(step / STEPS)
        optimizer.zero_grad()
        loss = segmentation_loss(head(tuple(each.float() for each in features)), labels, torch.empty(0), 0)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 50 == 49:
            print(f"{form}: step {step + 1}, loss {statistics.mean(losses[-50:]):.4f}", flush=True)

"""Where a network's weights come from: torchvision's download, a file, this program's own training, or chance."""

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import torch
from torch import Tensor, nn

from deeplab_cv.errors import NetworkError, UsageError, as_typed
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash
from deeplab_cv.machine.program import program
from deeplab_cv.networks.card import Accuracy, Origin, without_folders
from deeplab_cv.networks.golden import golden_picture
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES, Architecture
from deeplab_cv.pytorch.architectures import build_network, normalise
from deeplab_cv.pytorch.checkpoint import load_checkpoint
from deeplab_cv.pytorch.torch_file import read_torch_file
from deeplab_cv.pytorch.torchvision_import import import_torchvision

TORCHVISION_PIXELS = 448
AUXILIARY = "aux_classifier."
CLASSIFIERS = ("classifier.4.weight", "classifier.low_classifier.weight")
"""The last layer of DeepLabV3 and of LR-ASPP in torchvision's naming; its first dimension counts the classes."""


@dataclass(frozen=True)
class TrainedNetwork:
    """A PyTorch network in evaluation mode and what is known of it.

    Attributes:
        network: normalised RGB (1, 3, H, W) -> scores (1, classes, h, w).
        pixels: side of the square whose area it is meant for.
        accuracy: figures of its validation; empty where it has none.
        auxiliary: weights of torchvision's second head, `aux_classifier.*`, which serves training; may be empty.
    """

    network: nn.Module
    architecture: Architecture
    classes: tuple[str, ...]
    pixels: int
    origin: Origin
    _: KW_ONLY
    accuracy: tuple[Accuracy, ...] = ()
    auxiliary: Mapping[str, Tensor] = field(default_factory=dict)


def trained_checkpoint(path: Path) -> TrainedNetwork:
    """The averaged weights of a checkpoint of `app.py train`. Raises NetworkError."""
    if not path.is_file():
        names = ", ".join(ARCHITECTURES)
        raise NetworkError(
            "no such checkpoint or architecture", path, f"name a .pt file of `{program()} train`, or {names}"
        )
    network, facts = load_checkpoint(path)
    origin = Origin(
        weights=f"trained by this program, {facts.step} steps, {facts.minutes:.0f} minutes",
        command=without_folders(shlex.split(facts.command)),
        seed=facts.seed,
    )
    # A class that no picture showed has no IoU, and a list without known pixels no mean.
    figures = {name: value for name, value in facts.accuracy.items() if not math.isnan(value)}
    iou = {name: round(figures[f"iou_{name}"], 4) for name in facts.classes if f"iou_{name}" in figures}
    accuracy = Accuracy(
        data="the training's validation list",
        miou=round(figures.get("miou", 0.0), 4),
        pixel_accuracy=round(figures.get("pixel_accuracy", 0.0), 4),
        iou=iou,
    )
    architecture = ARCHITECTURES[facts.architecture]
    return TrainedNetwork(
        network, architecture, facts.classes, facts.pixels, origin, accuracy=(accuracy,) if "miou" in figures else ()
    )


def averaged_checkpoints(paths: Sequence[Path]) -> TrainedNetwork:
    """The mean of the weights of several trainings, each of which began from the one before or all from one network.

    It is often better than each of them, at no cost. Source: Wortsman et al., "Model soups: averaging weights of
    multiple fine-tuned models improves accuracy without increasing inference time", 2022.

    Raises NetworkError where one is no checkpoint, or of another architecture or other classes.
    """
    trainings = [trained_checkpoint(path) for path in paths]
    first = trainings[0]
    for path, other in zip(paths, trainings, strict=True):
        if (other.architecture.name, other.classes) != (first.architecture.name, first.classes):
            what = "networks of different architectures or classes have no mean"
            raise NetworkError(
                what, path, f"give trainings of {first.architecture.name} with the classes of {as_typed(paths[0])}"
            )
    states = [training.network.state_dict() for training in trainings]
    means = {
        name: torch.stack([state[name] for state in states]).mean(dim=0) if value.is_floating_point() else value
        for name, value in states[0].items()
    }
    first.network.load_state_dict(means)
    origins = [training.origin for training in trainings]
    origin = Origin(
        weights=f"mean of {len(paths)}: {'; '.join(each.weights for each in origins)}",
        command="; ".join(each.command for each in origins),
        seed=first.origin.seed,
    )
    return replace(first, origin=origin, accuracy=())


def published_weights(name: str, classes: tuple[str, ...], folder: Path | None = None) -> TrainedNetwork:
    """torchvision's weights of a network, downloaded once and checked against the hash in their name.

    Args:
        name: one of torchvision's four.
        classes: the 21 of VOC, which these weights know.
        folder: where downloads are kept; torch.hub's own by default.

    Raises:
        NetworkError: there are none, or no network, or the file is not the published one.
    """
    weights = torchvision_weights(name)
    target = (folder or Path(torch.hub.get_dir()) / "checkpoints") / str(weights.url).rpartition("/")[2]
    fetch(str(weights.url), target)
    origin = Origin(
        weights=f"torchvision {weights}",
        data="COCO train2017, the 20 VOC categories",
        licences="weights: BSD-3-Clause; data: COCO's terms (Flickr)",
    )
    return weights_file(name, target, classes, origin=origin)


def torchvision_weights(name: str) -> Any:
    """torchvision's entry for COCO_WITH_VOC_LABELS_V1 of a network. Raises UsageError if it publishes none."""
    models = import_torchvision().models
    if name not in models.list_models(models.segmentation):
        raise UsageError(
            "nobody publishes weights for this architecture",
            name,
            f"train it with `{program()} train`, name a file with --weights, or take --random for a test",
        )
    return models.get_model_weights(name)["COCO_WITH_VOC_LABELS_V1"]


def fetch(url: str, target: Path) -> None:
    """Download a file whose name ends in the first digits of its sha256, unless it is there; check it in any case.

    Raises:
        NetworkError: no connection, or the file's hash is not the one in its name.
    """
    expected = target.stem.rpartition("-")[2]
    remedy = f"download it elsewhere and put it there, or name another file with --weights; source: {url}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(target), hash_prefix=expected, progress=True)
        except (URLError, OSError, RuntimeError) as error:
            raise NetworkError("cannot download the weights", target, remedy, cause=error) from error
    digest = file_hash(target)
    if not digest.startswith(expected):
        raise NetworkError(f"the weights are damaged, their sha256 begins {digest[:8]}", target, remedy)


def weights_file(
    name: str, path: Path, classes: tuple[str, ...], *, origin: Origin | None = None, pixels: int = TORCHVISION_PIXELS
) -> TrainedNetwork:
    """A network with the weights of a file: a state_dict, or a dictionary with one under `model`.

    Only tensors and plain types are read (weights_only), so a file cannot bring code with it. Raises NetworkError.
    """
    state = _state_dict(path)
    network = build_network(name, len(classes))
    wanted = network.state_dict()
    classifier = next((key for key in CLASSIFIERS if key in state), None)
    if classifier is not None and len(state[classifier]) != len(classes):
        raise NetworkError(
            f"the weights are for {len(state[classifier])} classes, not {len(classes)}",
            path,
            "name their classes: --classes names.txt, one name a line",
        )
    auxiliary = {key: value for key, value in state.items() if key.startswith(AUXILIARY)}
    try:
        network.load_state_dict({key: value for key, value in state.items() if key not in auxiliary})
    except RuntimeError as error:
        missing = len(wanted.keys() - state.keys())
        raise NetworkError(
            f"the weights do not fit {name}, {missing} of {len(wanted)} tensors are missing or of another shape",
            path,
            "name the architecture they were trained for",
        ) from error
    return TrainedNetwork(
        network.eval(),
        ARCHITECTURES[name],
        classes,
        pixels,
        origin or Origin(weights=f"file {path.name}"),
        auxiliary=auxiliary,
    )


def random_weights(name: str, classes: tuple[str, ...], seed: int) -> TrainedNetwork:
    """A network for tests: random weights, every layer at work, numbers of ordinary size throughout.

    Batch normalisation takes its statistics from golden pictures, its factors and offsets from chance, so that a layer
    left out or done twice shows in the scores.
    """
    torch.manual_seed(seed)
    network = build_network(name, len(classes))
    normalisations = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    with torch.no_grad():
        for module in normalisations:
            module.momentum = None
            module.weight.uniform_(0.5, 1.0)
            module.bias.normal_(0, 0.2)
        pictures = np.stack([golden_picture(seed + number, Size(128, 96)) for number in range(4)]).transpose(0, 3, 1, 2)
        network.train()(normalise(torch.from_numpy(pictures), ARCHITECTURES[name]))
        for module in normalisations:
            if module.running_var is not None:
                # A channel that is nearly still would have its rounding errors blown up.
                module.running_var.clamp_(min=0.1 * float(module.running_var.mean()))
    auxiliary: dict[str, Tensor] = {}
    if name.startswith("deeplabv3_") and name != "deeplabv3_lite":
        models = import_torchvision().models
        whole = models.get_model(name, weights=None, weights_backbone=None, num_classes=len(classes), aux_loss=True)
        auxiliary = {key: value for key, value in whole.state_dict().items() if key.startswith(AUXILIARY)}
    return TrainedNetwork(
        network.eval(),
        ARCHITECTURES[name],
        classes,
        TORCHVISION_PIXELS,
        Origin(weights="random", seed=seed),
        auxiliary=auxiliary,
    )


def with_notes(trained: TrainedNetwork, data: str, licences: str) -> TrainedNetwork:
    """The same network with a word on its data and their terms, where one is given."""
    notes = {key: value for key, value in {"data": data, "licences": licences}.items() if value}
    return replace(trained, origin=trained.origin.model_copy(update=notes))


def _state_dict(path: Path) -> dict[str, Tensor]:
    remedy = "give a .pth file that torch.save wrote from a state_dict"
    content = read_torch_file(path, remedy)
    state = content.get("model", content) if isinstance(content, dict) else content
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise NetworkError("not a state_dict", path, remedy)
    return state

"""Measures a network on pictures it did not learn from."""

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from deeplab_cv.classes import IGNORE, voc_palette
from deeplab_cv.frames.size import Size
from deeplab_cv.pytorch.architecture_facts import Architecture
from deeplab_cv.pytorch.architectures import normalise
from deeplab_cv.tools.data.records import Mask, Picture, Record, read_pair
from deeplab_cv.tools.evaluating.accuracy import LabelAccuracy, accuracy, confusion_matrix


def evaluate_miou(
    network: nn.Module,
    architecture: Architecture,
    records: Sequence[Record],
    class_count: int,
    pixels: int,
    device: torch.device,
    progress: Callable[[], None],
) -> LabelAccuracy:
    """Mean IoU over whole pictures, each at its own shape of about pixels x pixels, scored at the picture's size."""
    confusion = np.zeros((class_count, class_count), np.int64)
    for record in records:
        picture, mask = read_pair(record, class_count)
        confusion += confusion_matrix(mask, predict(network, architecture, picture, pixels, device), class_count)
        progress()
    return accuracy(confusion)


def in_words(figures: Mapping[str, float], only: Sequence[str]) -> str:
    """The figures of a checkpoint in a few words.

    Args:
        figures: miou, and iou_NAME of each class; NaN where it is in no mask and no label.
        only: the classes that somebody outlined. The others were labelled by the network that was begun from, so that
            their IoU shows how much of it was kept, and the mean hides the new class.
    """
    mean = f"mIoU {figures['miou']:.3f}"
    if not only:
        return mean
    each = ", ".join(f"{name} {figures[f'iou_{name}']:.3f}".replace("nan", "in no picture") for name in only)
    return f"IoU {each} ({mean} of all classes, as the earlier network labelled the others)"


def predict(
    network: nn.Module, architecture: Architecture, picture: Picture, pixels: int, device: torch.device
) -> Mask:
    """Labels of a picture at its own size: uint8 (H, W). The network is left in evaluation mode."""
    height, width = picture.shape[:2]
    multiple = architecture.input_multiple
    fit = pixels / (height * width) ** 0.5
    input_size = Size(
        max(1, round(width * fit / multiple)) * multiple,
        max(1, round(height * fit / multiple)) * multiple,
    )
    resized = cv2.resize(picture, input_size, interpolation=cv2.INTER_LINEAR)
    network.eval()
    with torch.inference_mode():
        tensor = torch.from_numpy(resized).permute(2, 0, 1)[None].to(device)
        scores = network(normalise(tensor, architecture))
        full = functional.interpolate(scores.float(), size=(height, width), mode="bilinear", align_corners=False)
        return np.asarray(full.argmax(dim=1)[0].to(torch.uint8).cpu().numpy())


def comparison_sheet(
    network: nn.Module,
    architecture: Architecture,
    records: Sequence[Record],
    class_count: int,
    pixels: int,
    device: torch.device,
) -> Picture:
    """Rows of picture, hand-made mask and prediction, side by side: uint8 (H, W, 3), RGB."""
    palette = np.array(voc_palette(), np.uint8)
    palette[IGNORE] = 224
    tile_size = Size(240, 180)
    rows = []
    for record in records:
        picture, mask = read_pair(record, class_count)
        prediction = predict(network, architecture, picture, pixels, device)
        overlay = cv2.addWeighted(picture, 0.4, palette[prediction], 0.6, 0)
        tiles = (picture, palette[mask], palette[prediction], overlay)
        rows.append(np.hstack([cv2.resize(tile, tile_size, interpolation=cv2.INTER_AREA) for tile in tiles]))
    return np.asarray(np.vstack(rows), np.uint8)

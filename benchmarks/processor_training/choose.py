"""What a long training comes to: python choose.py RUN --data DATA

Mixes the averaged weights of RUN/last.pt with those it began from (Wortsman et al., "Robust fine-tuning of zero-shot
models", 2022) and lowers the score of people, who are in more of the crops than of the pictures. All of it is measured
on val, people on val_webcam and val_coco as well. RUN/network.pt, which `app.py export` takes, is what has the largest
sum of mIoU and of the mean of people, dogs and sheep on val.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.pytorch.architecture_facts import LITE
from deeplab_cv.pytorch.checkpoint import CheckpointFacts, save_checkpoint
from deeplab_cv.pytorch.lite import DeepLabV3Lite
from deeplab_cv.pytorch.training.validate import evaluate_miou
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.data.records import Record

PIXELS = 384
PERSON = VOC_CLASSES.index("person")
SHOWN = ("person", "dog", "sheep")

Weights: TypeAlias = Mapping[str, Tensor]


def mixed(begun: Weights, end: Weights, share: float, lowered: float) -> dict[str, Tensor]:
    """`share` of the end's weights and the rest of those it began from, the person's score lowered."""
    weights = {
        name: begun[name].lerp(value, share) if value.is_floating_point() else value for name, value in end.items()
    }
    weights["classifier.bias"] = weights["classifier.bias"].clone()
    weights["classifier.bias"][PERSON] -= lowered
    return weights


class Measure:
    """Figures of weights on the three lists."""

    def __init__(self, data: Path, folder: Path, count: int) -> None:
        names = ("val", "val_webcam", "val_coco")
        self.lists = {name: find_records(data, (name,), VOC_CLASSES, folder)[:count] for name in names}
        self.network: nn.Module = DeepLabV3Lite(len(VOC_CLASSES)).to(memory_format=torch.channels_last)

    def __call__(self, weights: Weights) -> dict[str, float]:
        self.network.load_state_dict(weights)
        val, webcam, coco = (self.on(records) for records in self.lists.values())
        # The masks of val_webcam know people alone; what else is seen there is no person either.
        return val | {"webcam": webcam["person"], "coco": coco["person"]}

    def on(self, records: Sequence[Record]) -> dict[str, float]:
        found = evaluate_miou(self.network, LITE, records, len(VOC_CLASSES), PIXELS, torch.device("cpu"), lambda: None)
        shown = {name: float(found.iou[VOC_CLASSES.index(name)]) for name in SHOWN}
        return {"mIoU": float(found.miou), **shown}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of tar shards")
    parser.add_argument("--shares", default="1,0.75,0.5", help="of the end's weights")
    parser.add_argument("--lowered", default="0,0.25,0.5,0.75", help="how much the person's score is lowered")
    parser.add_argument("--most-pictures", type=int, default=10**9, help="of each list, to try the script")
    arguments = parser.parse_args()
    shares, lowerings = ([float(each) for each in text.split(",")] for text in (arguments.shares, arguments.lowered))
    stopped = torch.load(arguments.run / "last.pt", weights_only=False)
    begun, end = stopped["begun"], stopped["averaged"]
    measure = Measure(arguments.data, arguments.run, arguments.most_pictures)
    figures: dict[tuple[float, float], dict[str, float]] = {}

    def try_out(share: float, lowered: float) -> None:
        if (share, lowered) not in figures:
            figures[share, lowered] = measure(mixed(begun, end, share, lowered))
            shown = " ".join(f"{name} {value:.4f}" for name, value in figures[share, lowered].items())
            print(f"share {share}, lowered by {lowered}: {shown}", flush=True)

    def worth(choice: tuple[float, float]) -> float:
        return figures[choice]["mIoU"] + float(np.mean([figures[choice][name] for name in SHOWN]))

    for share in shares:
        try_out(share, lowerings[0])
    share, _ = max(figures, key=worth)
    for lowered in lowerings:
        try_out(share, lowered)
    best = max(figures, key=worth)
    save_checkpoint(arguments.run / "network.pt", CheckpointFacts(**stopped["facts"]), mixed(begun, end, *best))
    print(f"share {best[0]}, lowered by {best[1]} is {arguments.run / 'network.pt'}")


if __name__ == "__main__":
    main()

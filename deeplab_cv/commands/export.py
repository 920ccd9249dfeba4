"""Turn a PyTorch network into a file this program runs: ONNX, card and golden scores.

The network is one of torchvision's (deeplabv3_mobilenet_v3_large, deeplabv3_resnet50, deeplabv3_resnet101,
lraspp_mobilenet_v3_large), whose weights are downloaded, or a checkpoint of `app.py train`.

examples:
  app.py export deeplabv3_mobilenet_v3_large
  app.py export run/network.pt --out models/mine.onnx --half
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deeplab_cv.tools.weights import TrainedNetwork


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `export`."""
    parser.add_argument("network", metavar="NAME|CHECKPOINT", help="an architecture, or a .pt file of `app.py train`")
    parser.add_argument("--out", metavar="FILE", type=Path, help="ONNX file to write (default: models/NAME.onnx)")
    parser.add_argument("--overwrite", action="store_true", help="replace a file of that name")
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument("--weights", metavar="FILE", type=Path, help="state_dict for the architecture NAME")
    weights.add_argument("--random", action="store_true", help="random weights, for tests")
    parser.add_argument("--seed", type=int, default=0, help="seed of --random (default: 0)")
    parser.add_argument(
        "--classes", default="voc", help="with --weights or --random: voc, or a file with one class name a line"
    )
    parser.add_argument(
        "--pixels", type=int, help="side of the square whose area the input has (default: what it was trained for)"
    )
    parser.add_argument("--half", action="store_true", help="store weights as float16: half the size")
    parser.add_argument("--opset", type=int, default=13, choices=range(11, 18), metavar="11..17", help="default: 13")
    parser.add_argument("--data", default="", help="what it was trained on, for the card")
    parser.add_argument("--licences", default="", help="terms of weights and data, for the card")


def run(args: argparse.Namespace) -> int:
    """Export, then say what was written and how far it is from PyTorch."""
    from deeplab_cv.folders import models_folder
    from deeplab_cv.tools.export import ExportPlan, export
    from deeplab_cv.tools.weights import with_notes, without_folders

    trained = with_notes(_trained(args), args.data, args.licences)
    stem = trained.architecture.name if args.network == trained.architecture.name else Path(args.network).stem
    plan = ExportPlan(
        file=args.out or models_folder() / f"{stem}.onnx",
        pixels=args.pixels or trained.pixels,
        half=args.half,
        opset=args.opset,
        overwrite=args.overwrite,
        command=without_folders(["app.py", *sys.argv[1:]]),
    )
    exported = export(trained, plan)
    card = exported.card
    print(f"{plan.file}: {plan.file.stat().st_size / 1e6:.1f} MB, {len(card.classes)} classes")
    print("proven at " + ", ".join(f"{width}x{height}" for height, width in card.shapes))
    print(f"portable form against the trained network: {exported.rewrite_error:.1e} of the greatest score")
    if args.half:
        print(f"weights rounded to float16: {exported.rounding_error:.1e} of the greatest score")
    return 0


def _trained(args: argparse.Namespace) -> "TrainedNetwork":
    from deeplab_cv.network import class_names
    from deeplab_cv.tools import weights
    from deeplab_cv.tools.architectures import ARCHITECTURES

    if args.network not in ARCHITECTURES:
        return weights.trained_checkpoint(Path(args.network))
    classes = class_names(args.classes)
    if args.random:
        return weights.random_weights(args.network, classes, args.seed)
    if args.weights:
        return weights.weights_file(args.network, args.weights, classes)
    return weights.published_weights(args.network, classes)

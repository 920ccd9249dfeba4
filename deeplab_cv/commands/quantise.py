"""Make an int8 form of a network with your own frames; it is kept only if it is faster here and nearly as right.

Every second frame sets the ranges, the others judge. The file lies beside the network, is named on its card, and the
program takes it wherever it wins.

examples:
  app.py quantise models/deeplabv3_lite.onnx --calibrate holiday.mp4
  app.py quantise mine.onnx --calibrate JPEGImages --masks SegmentationClass --max-miou-drop 0.005
"""

import argparse
from pathlib import Path

from deeplab_cv.machine import interrupts
from deeplab_cv.machine.program import program


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `quantise`."""
    parser.add_argument("file", metavar="MODEL", type=Path, help="network file (.onnx) with a card")
    parser.add_argument("--calibrate", metavar="DIR|VIDEO", required=True, help="your own frames: pictures or a video")
    parser.add_argument("--masks", metavar="DIR", type=Path, help="true labels: index PNGs named like the pictures")
    parser.add_argument(
        "--max-miou-drop",
        metavar="SHARE",
        type=float,
        help="mean IoU that may be lost: against the masks (default 0.01), or else against float labels (0.1)",
    )
    parser.add_argument("--frames", metavar="N", type=int, default=120, help="frames to take (default: 120)")
    parser.add_argument(
        "--reduce-range",
        action=argparse.BooleanOptionalAction,
        help="smaller weights, for processors without VNNI (default: what this processor needs)",
    )


def run(args: argparse.Namespace) -> int:
    """Quantise and print what was tried; 0 if an int8 file was kept, else 1."""
    from deeplab_cv.errors import UsageError
    from deeplab_cv.machine.processor import sums_in_32_bits
    from deeplab_cv.networks.opening import named_file, open_network
    from deeplab_cv.tools.quantise import quantise
    from deeplab_cv.tools.quantising.frames import frames_of, masks_of
    from deeplab_cv.tools.quantising.verdict import print_quantised

    if args.frames < 2:
        raise UsageError("too few frames to calibrate and to judge with", f"--frames {args.frames}", "take 50 or more")
    network = open_network(named_file(str(args.file)))
    if not network.verified:
        raise UsageError("the network has no card", network.named, f"write one with `{program()} repair`")
    with interrupts.raised():
        pictures = frames_of(args.calibrate, args.frames)
        masks = masks_of(args.masks, pictures, len(network.card.classes)) if args.masks else {}
        drop = args.max_miou_drop if args.max_miou_drop is not None else (0.01 if masks else 0.1)
        reduce_range = not sums_in_32_bits() if args.reduce_range is None else args.reduce_range
        quantised = quantise(network, pictures, masks, drop, reduce_range=reduce_range)
        print_quantised(network, quantised, drop)
        return 0 if quantised.variant else 1

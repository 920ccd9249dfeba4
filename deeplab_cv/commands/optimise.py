"""Take out of a network what only costs time, and see what each step brings on this machine.

The last upsampling is cut (the program interpolates the scores straight to the frame), mean and std become part of the
network, and 3x3 convolutions whose dilation makes them multiply mostly padding are written as 1x1 convolutions on the
slices they really reach. Each step is proven to change no score, and is timed on each engine in turn with what it
replaces. The first two are what `app.py export` writes anyway; for other networks they go to a file of their own. The
third is a second graph, which the program makes by itself and takes on those engines where it is faster.

examples:
  app.py optimise models/deeplabv3_mobilenet_v3_large.onnx
  app.py optimise labview.onnx --out faster.onnx --backend opencv
"""

import argparse
from pathlib import Path

from deeplab_cv.errors import as_typed
from deeplab_cv.machine import interrupts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `optimise`."""
    parser.add_argument("file", metavar="MODEL", type=Path, help="network file (.onnx)")
    parser.add_argument("--out", metavar="FILE", type=Path, help="file to write (default: MODEL-optimised.onnx)")
    parser.add_argument("--overwrite", action="store_true", help="replace a file of that name")
    parser.add_argument("--backend", default="auto", help="NAME[:device] to time; auto times every engine")


def run(args: argparse.Namespace) -> int:
    """Print a row for each step, shape and engine."""
    from rich.table import Table

    from deeplab_cv.networks.card import check_target
    from deeplab_cv.networks.opening import named_file, open_network
    from deeplab_cv.terminal import wide_console
    from deeplab_cv.tools.optimise import AFTER, BEFORE, optimise

    file = named_file(str(args.file))
    target = args.out or file.with_name(f"{file.stem}-optimised.onnx")
    check_target(target, ".onnx", overwrite=args.overwrite)
    with interrupts.raised():
        table = Table("step", "input", "engine", "GMAC before", "after", "ms before", "after", "times faster", "error")
        for step in optimise(open_network(file), args.backend, target):
            for engine in step.times:
                before_ms, after_ms = engine.ms.get(BEFORE), engine.ms.get(AFTER)
                table.add_row(
                    step.name,
                    str(step.input_size),
                    engine.backend,
                    *(f"{count:.2f}" for count in step.gmac),
                    f"{before_ms:.1f}" if before_ms else "refused",
                    f"{after_ms:.1f}" if after_ms else "refused",
                    f"{before_ms / after_ms:.2f}" if before_ms and after_ms else "",
                    f"{step.error:.1e}",
                )
        if not table.row_count:
            print("there is nothing to take out, and no convolution of this network multiplies mostly padding")
            return 0
        wide_console().print(table)
        if target.exists():
            print(f"{as_typed(target)}: what is left, with its card")
        return 0

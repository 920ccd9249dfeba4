"""See what rewriting a network for speed brings on this machine: arithmetic and time on each engine, before and after.

A 3x3 convolution with dilation 24 or 36 mostly multiplies padding; written as 1x1 convolutions on the slices it really
reaches it gives the same scores. The program makes that second graph by itself and takes it wherever it wins; this
command shows the figures. The other steps (no last upsampling, mean and std inside) are part of `app.py export`.

example:
  app.py optimise models/deeplabv3_mobilenet_v3_large.onnx
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `optimise`."""
    parser.add_argument("file", metavar="MODEL", type=Path, help="network file (.onnx)")
    parser.add_argument("--backend", default="auto", help="NAME[:device] to time; auto times every engine")


def run(args: argparse.Namespace) -> int:
    """Print a row for each shape and engine."""
    from rich.table import Table

    from deeplab_cv.network import open_network
    from deeplab_cv.tables import wide_console
    from deeplab_cv.tools.optimise import PLAIN, SLICES, optimise

    table = Table("input", "engine", "GMAC plain", "rewritten", "ms plain", "rewritten", "times faster", "error")
    for each in optimise(open_network(args.file), args.backend):
        for race in each.races:
            plain_ms, slices_ms = race.ms.get(PLAIN), race.ms.get(SLICES)
            table.add_row(
                f"{each.shape[1]}x{each.shape[0]}",
                race.backend,
                *(f"{count:.2f}" for count in each.gmac),
                f"{plain_ms:.1f}" if plain_ms else "refused",
                f"{slices_ms:.1f}" if slices_ms else "refused",
                f"{plain_ms / slices_ms:.2f}" if plain_ms and slices_ms else "",
                f"{each.error:.1e}",
            )
    if not table.row_count:
        print("no convolution of this network multiplies mostly padding: there is nothing to rewrite")
        return 0
    wide_console().print(table)
    return 0

"""List the networks in models/ and in your cache, or in a folder: size, classes, shapes, accuracy, speed here.

"verified" are those whose card fits the file and has golden scores, so that every engine can be held to them.

examples:
  app.py models
  app.py models --folder ~/networks
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deeplab_cv.machine.program import program

if TYPE_CHECKING:
    from deeplab_cv.networks.card import Card
    from deeplab_cv.networks.catalogue import Entry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `models`."""
    parser.add_argument("--folder", metavar="DIR", type=Path, help="list this folder alone")


def run(args: argparse.Namespace) -> int:
    """Print a table for each folder, then what the cache holds besides."""
    from deeplab_cv.errors import UsageError, as_typed
    from deeplab_cv.machine.cache import kept_files, kept_folder
    from deeplab_cv.machine.folders import models_folder
    from deeplab_cv.networks.catalogue import entries

    own = kept_folder("models")
    folders = [args.folder] if args.folder else [models_folder(), *([own] if own else [])]
    if args.folder and not args.folder.is_dir():
        raise UsageError("no such folder", args.folder, "name one with --folder")
    found = {folder: entries(folder) for folder in folders}
    for folder, networks in found.items():
        if networks:
            _print_table(folder, networks)
    if not any(found.values()):
        print(f"no networks in {as_typed(folders[0])}; make one with `{program()} export deeplabv3_mobilenet_v3_large`")
    if not args.folder and (place := kept_folder("graphs")):
        graphs = kept_files("graphs", "*.onnx")
        megabytes = sum(path.stat().st_size for path in graphs) / 1e6
        print(f"{len(graphs)} graphs of one shape, {megabytes:.0f} MB, in {as_typed(place)}; they may be deleted")
    return 0


def _sizes_by_aspect(card: "Card") -> list[str]:
    """A line for each aspect: its input sizes, the largest first."""
    from deeplab_cv.networks.network import fitting_sizes

    alike = dict.fromkeys(tuple(fitting_sizes(card.input_sizes, size)) for size in card.input_sizes)
    return [" ".join(map(str, sizes)) for sizes in alike]


def _times(card: "Card | None") -> list[str]:
    """A line for each engine that was timed on this machine, the fastest first."""
    from deeplab_cv.engines.remembered import times_here

    return [f"{timing.candidate}: {timing.ms:.1f} ms" for timing in times_here(card.sha256)] if card else []


def _print_table(folder: Path, networks: "Sequence[Entry]") -> None:
    from rich.markup import escape
    from rich.table import Table

    from deeplab_cv.terminal import wide_console

    table = Table("network", "MB", "classes", "shapes", "mIoU", "state", "on this machine", title=escape(str(folder)))
    for entry in networks:
        card = entry.card
        forms = "".join(f"\n+ {variant.precision}" for variant in card.variants) if card else ""
        table.add_row(
            escape(entry.file.stem) + forms,
            f"{entry.megabytes:.1f}",
            str(len(card.classes)) if card else "",
            "\n".join(_sizes_by_aspect(card)) if card else "",
            f"{card.accuracy[0].miou:.3f}" if card and card.accuracy else "",
            escape(entry.problem or "verified"),
            escape("\n".join(_times(card))) or "not timed yet",
        )
    wide_console().print(table)

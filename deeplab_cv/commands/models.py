"""List the networks in models/ or another folder: size, classes, shapes, accuracy, and their speed on this machine.

examples:
  app.py models
  app.py models --folder ~/networks
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `models`."""
    parser.add_argument("--folder", metavar="DIR", type=Path, help="folder to list (default: models/)")


def run(args: argparse.Namespace) -> int:
    """Print a row for each network."""
    from rich.markup import escape
    from rich.table import Table

    from deeplab_cv.catalogue import entries
    from deeplab_cv.errors import UsageError
    from deeplab_cv.folders import models_folder
    from deeplab_cv.tables import wide_console

    folder = args.folder or models_folder()
    if not folder.is_dir():
        raise UsageError("no such folder", folder, "name one with --folder")
    found = entries(folder)
    if not found:
        print(f"no networks in {folder}; make one with `app.py export deeplabv3_mobilenet_v3_large`")
        return 0
    table = Table("network", "MB", "classes", "shapes", "mIoU", "state", "on this machine", title=escape(str(folder)))
    for entry in found:
        card = entry.card
        forms = "".join(f"\n+ {variant.precision}" for variant in card.variants) if card else ""
        table.add_row(
            escape(entry.file.stem) + forms,
            f"{entry.megabytes:.1f}",
            str(len(card.classes)) if card else "",
            "\n".join(f"{width}x{height}" for height, width in card.shapes) if card else "",
            f"{card.accuracy[0].miou:.3f}" if card and card.accuracy else "",
            escape(entry.state),
            escape("\n".join(entry.times)) or "not timed yet",
        )
    wide_console().print(table)
    return 0

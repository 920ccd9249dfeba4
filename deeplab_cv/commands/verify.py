"""Prove that every engine and device of this machine gives a network's own answer, at every shape of its card.

Compared are the card's golden scores, a made picture and the pictures you name: greatest and mean error as shares of
the greatest score, share of equal labels, mean IoU between the labels, time. Exit code 1 where anything is off. A file
NAME.torchscript.pt beside NAME.onnx is compared as well.

examples:
  app.py verify models/deeplabv3_lite.onnx
  app.py verify mine.onnx --pictures holiday/ --json report.json --checkpoint run/network.pt
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deeplab_cv.errors import as_typed
from deeplab_cv.machine import folders
from deeplab_cv.settings import add_settings_arguments, load_settings

if TYPE_CHECKING:
    from deeplab_cv.networks.network import Network
    from deeplab_cv.tools.verify import Scorer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `verify`."""
    parser.add_argument("file", metavar="MODEL", type=Path, help="network file (.onnx)")
    parser.add_argument("--pictures", metavar="PATH", help="picture, folder of pictures, or glob")
    parser.add_argument("--checkpoint", metavar="FILE", type=Path, help="compare with PyTorch running these weights")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    add_settings_arguments(parser, only=("network", "engine"))


def run(args: argparse.Namespace) -> int:
    """Print a table; 0 if every engine passes, else 1."""
    args.model = str(args.file)
    settings = load_settings(args, folders.config_file()).settings

    from deeplab_cv.networks.opening import wanted_network
    from deeplab_cv.progress import slow_lines
    from deeplab_cv.sources.pictures import find_pictures, read_picture
    from deeplab_cv.tools.verify import verify
    from deeplab_cv.tools.verify_report import print_findings, write_findings

    network = wanted_network(settings.network)
    pictures = [(path.name, read_picture(path)) for path in find_pictures(args.pictures)] if args.pictures else []
    torch_scores = _checkpoint_scores(network, args.checkpoint) if args.checkpoint else None
    scripted = args.file.with_suffix(".torchscript.pt")
    scripted_scores = _scripted_scores(network, scripted) if scripted.is_file() else None
    findings = list(
        verify(
            network,
            settings.engine.backend,
            pictures,
            torch_scores=torch_scores,
            scripted_scores=scripted_scores,
            report=slow_lines(),
        )
    )
    print_findings(network, findings)
    if args.json:
        write_findings(args.json, findings)
    return 1 if any(finding.fault for finding in findings) else 0


def _checkpoint_scores(network: "Network", checkpoint: Path) -> "Scorer":
    from deeplab_cv.pytorch.torch_scores import TorchScores

    return TorchScores(network, checkpoint)


def _scripted_scores(network: "Network", file: Path) -> "Scorer | None":
    """The scores of a TorchScript file that lies there; None, with a line, where PyTorch is not installed."""
    try:
        from deeplab_cv.pytorch.torch_scores import ScriptedScores
    except ModuleNotFoundError as error:
        print(f"left out: {as_typed(file.name)}: {error.name} is not installed")
        return None
    return ScriptedScores(network, file)

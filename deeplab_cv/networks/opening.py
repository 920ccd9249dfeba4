"""The network that the settings name."""

from pathlib import Path

from deeplab_cv.errors import MissingNetworkError, UsageError
from deeplab_cv.machine.folders import models_folder
from deeplab_cv.networks.card import card_path, read_card
from deeplab_cv.networks.network import Network
from deeplab_cv.networks.uncarded import Guess, guessed_card
from deeplab_cv.settings import Settings


def default_network_file() -> Path:
    """The network in models/. Raises UsageError, saying how to get one, where there is none."""
    if files := network_files():
        return files[0]
    raise UsageError(
        "there is no network to run",
        models_folder(),
        "make one with `app.py export deeplabv3_mobilenet_v3_large`, or name a file with --model",
    )


def network_files() -> list[Path]:
    """The networks in models/ that have a card, by name."""
    return [file for file in sorted(models_folder().glob("*.onnx")) if card_path(file).exists()]


def open_network(file: Path, guess: Guess | None = None) -> Network:
    """Read a network and its card, or make up a card from `guess` for one that has none.

    Raises:
        NetworkError: no such file, not ONNX, or no form this program can run.
        CardError: the card is wrong or belongs to another file.
        UsageError: flags were given for a network whose card already says it.
    """
    if not file.is_file():
        raise MissingNetworkError("no such network file", file, "name an .onnx file with --model")
    if card_path(file).exists():
        if guess is not None and guess != Guess():
            raise UsageError(
                "--classes, --mean, --std, --order, --size and --align-corners are for networks without a card",
                card_path(file),
                "leave them out: the card says it",
            )
        card = read_card(file)
        return Network(file, card, verified=True, symbolic=len(card.shapes) > 1)
    card, symbolic = guessed_card(file, guess or Guess())
    return Network(file, card, verified=False, symbolic=symbolic)


def wanted_network(settings: Settings) -> Network:
    """The network the settings name, or the one in models/. Raises UserError."""
    size_wh = None
    if settings.size is not None:
        width, _, height = settings.size.partition("x")
        size_wh = int(width), int(height)
    guess = Guess(
        classes=settings.classes or "voc",
        mean=settings.mean,
        std=settings.std,
        order=settings.order,
        size_wh=size_wh,
        align_corners=settings.align_corners,
    )
    return open_network(Path(settings.model) if settings.model else default_network_file(), guess)

"""The network that is asked for."""

import re
from functools import cache
from pathlib import Path

from deeplab_cv.errors import MissingNetworkError, UsageError
from deeplab_cv.machine.folders import models_folder
from deeplab_cv.machine.program import program
from deeplab_cv.networks.card import card_path, read_card
from deeplab_cv.networks.catalogue import refuse_variant
from deeplab_cv.networks.foreign import how_to_get
from deeplab_cv.networks.network import Network
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.networks.uncarded import uncarded_network

_SHIPPED = "deeplabv3_lite"
"""The network that comes with the program, with its int8 form."""

_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")


def default_network_file() -> Path:
    """The program's own network in models/, or else the first there. Raises UsageError, saying how to get one."""
    if files := network_files():
        # What `repair` or `export` put beside it takes its place for nobody, whatever its name.
        own = models_folder() / f"{_SHIPPED}.onnx"
        return own if own in files else files[0]
    raise UsageError(
        "there is no network to run",
        models_folder(),
        f"make one with `{program()} export deeplabv3_mobilenet_v3_large`, or name a file with --model",
    )


def is_shipped(sha256: str) -> bool:
    """A network's hash is on the card of the one that comes with the program."""
    # Of a graph written in another form, the form stands behind the hash.
    return sha256.partition("-")[0] in _shipped_sums(models_folder())


@cache
def _shipped_sums(folder: Path) -> frozenset[str]:
    try:
        # The hashes alone: reading the whole card would cost each start.
        return frozenset(_SHA256.findall(card_path(folder / f"{_SHIPPED}.onnx").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return frozenset()


def network_files() -> list[Path]:
    """The networks in models/ that have a card, by name."""
    return [file for file in sorted(models_folder().glob("*.onnx")) if card_path(file).exists()]


def open_network(file: Path, options: NetworkOptions | None = None) -> Network:
    """Read a network and its card, or make up a card from `options` for one that has none.

    Raises:
        NetworkError: no such file, not ONNX, or no form this program can run.
        CardError: the card is wrong or belongs to another file.
        UsageError: flags were given for a network whose card already says it, or the file is a variant of another.
    """
    if not file.is_file():
        raise MissingNetworkError("no such network file", file, how_to_get(str(file), models_folder()))
    if card_path(file).exists():
        if options is not None and options.says_what_a_card_says:
            raise UsageError(
                "--classes, --mean, --std, --order, --size and --align-corners are for networks without a card",
                card_path(file),
                "leave them out: the card says it",
            )
        card = read_card(file)
        return Network(file, card, named=file, verified=True, symbolic=len(card.input_sizes) > 1)
    refuse_variant(file)
    return uncarded_network(file, options or NetworkOptions())


def wanted_network(options: NetworkOptions) -> Network:
    """The network the options name, or the one in models/. Raises UserError."""
    return open_network(named_file(options.model) if options.model else default_network_file(), options)


def named_file(text: str) -> Path:
    """The file of a name: the file itself, or the program's own network of that name."""
    file = Path(text)
    own = models_folder() / f"{text}.onnx"
    return own if not file.exists() and file.name == text and own.is_file() else file

"""What networks lie in a folder, and what is known of each."""

from dataclasses import dataclass
from pathlib import Path

from deeplab_cv.errors import CardError, UsageError, as_typed
from deeplab_cv.networks.card import Card, card_path, read_card
from deeplab_cv.networks.golden import read_golden


@dataclass(frozen=True)
class Entry:
    """A network file.

    Attributes:
        card: None where it has none, or a wrong one.
        problem: `no card`, `card without proof`, or what is wrong with its card; None for one that can be proven.
    """

    file: Path
    megabytes: float
    card: Card | None
    problem: str | None


def entries(folder: Path) -> list[Entry]:
    """The networks of a folder by name, variants with the network whose card names them."""
    found = [_entry(file) for file in sorted(folder.glob("[!.]*.onnx")) if file.is_file()]
    variants = {variant.file for entry in found if entry.card for variant in entry.card.variants}
    return [entry for entry in found if entry.file.name not in variants]


def refuse_variant(file: Path) -> None:
    """Name the network to take instead of a variant, which has no card of its own. Raises UsageError."""
    if card_path(file).exists():
        return
    for path in sorted(file.parent.glob("*.card.yaml")):
        network = path.with_name(path.name.replace(".card.yaml", ".onnx"))
        # A card is proven by its network's hash: that of every network in a folder would cost each start.
        card = _entry(network).card if _names(path, file) and network.is_file() else None
        for variant in card.variants if card else ():
            if variant.file == file.name:
                remedy = f"name {as_typed(network)}: its {variant.precision} form runs where it is right and fastest"
                raise UsageError(f"the file is the {variant.precision} form of another network", file, remedy)


def _names(card: Path, file: Path) -> bool:
    try:
        return file.name in card.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _entry(file: Path) -> Entry:
    megabytes = file.stat().st_size / 1e6
    if not card_path(file).exists():
        return Entry(file, megabytes, None, "no card")
    card = None
    try:
        card = read_card(file)
        proofs = [read_golden(card, file.parent, size) for size in card.input_sizes]
    except CardError as error:
        return Entry(file, megabytes, card, error.what)
    return Entry(file, megabytes, card, "card without proof" if None in proofs else None)

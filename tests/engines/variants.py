"""A network with a further file on its card."""

import shutil
from pathlib import Path

import onnx

from deeplab_cv.machine.files import file_hash
from deeplab_cv.networks.card import Precision, Variant, read_card, write_card


def with_variant(
    network_file: Path,
    folder: Path,
    *,
    precision: Precision,
    tolerance: float | None = None,
    engines: tuple[str, ...] = (),
    full_range: bool = False,
) -> Path:
    """A copy of a network in `folder` whose card names a second file that computes the same; returns the network."""
    file = folder / network_file.name
    shutil.copy(network_file, file)
    card = read_card(network_file)
    assert card.golden is not None
    shutil.copy(network_file.with_name(card.golden.file), folder)
    model = onnx.load(str(file))
    model.doc_string = f"said to be {precision}"
    second = folder / f"{file.stem}_{precision}.onnx"
    onnx.save(model, str(second))
    variant = Variant(
        file=second.name,
        sha256=file_hash(second),
        precision=precision,
        tolerance=tolerance,
        engines=engines,
        full_range=full_range,
    )
    write_card(card.model_copy(update={"variants": (variant,)}), file)
    return file

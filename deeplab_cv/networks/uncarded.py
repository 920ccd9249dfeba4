"""Networks of other people: a card made up from what the command line says and the file shows."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import NetworkError, UsageError, as_typed
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash, read_ordinary, text_of
from deeplab_cv.networks.card import LONGEST_SIDE, Card, InputFacts, Origin, OutputFacts, Precision, card_name
from deeplab_cv.networks.graph_cache import kept_graph
from deeplab_cv.networks.network import Network
from deeplab_cv.networks.onnx_file import load_sorted
from deeplab_cv.networks.options import NetworkOptions

if TYPE_CHECKING:
    from onnx import ModelProto

_LABELME_UNKNOWN, _LABELME_NAMES = "__ignore__", {"_background_": "background"}
"""labelme's lists begin with two names of its own; the first stands for 255 in its masks and is no class."""

_USUAL = {"mean": "--mean 123.675,116.28,103.53", "std": "--std 58.395,57.12,57.375"}
"""What most networks are trained with, of colours from 0 to 255."""

_LEAST_DEVIATION = 0.05
"""Of colours from 0 to 1 no collection of pictures has a lower one: 0.004 and 0.017 are 1 / 255 and 1 / 58."""

_LARGEST_LIST = 100_000
"""Bytes of a file of class names."""

_log = logging.getLogger(__name__)


def uncarded_network(file: Path, options: NetworkOptions) -> Network:
    """A network that has no card, with a card of what is said of it.

    Where the file is of another form than picture in, scores out, the network is a copy of that form in the cache.

    Raises:
        NetworkError: the file is not ONNX, or no segmentation network.
        UsageError: what was said does not fit the file, or too little was said.
    """
    # onnx takes a while to import, and networks with a card never come here.
    from deeplab_cv.networks.onnx_graph import computes_in_half, main_output, sizes
    from deeplab_cv.networks.output_form import state_shape

    facts = InputFacts(order=options.order, mean=options.mean, std=options.std)
    warn_of_shares(facts)
    names = class_names(options.classes or "voc", least=1)
    model, changed = load_sorted(file)
    precision: Precision = "float16" if computes_in_half(model) else "float32"
    changed |= _take_plain_form(model, file, facts, names)
    value, name = model.graph.input[0], main_output(model.graph)
    dimensions = value.type.tensor_type.shape.dim
    fixed, stated = Size(dimensions[3].dim_value, dimensions[2].dim_value), options.input_size
    symbolic = 0 in fixed
    if symbolic and stated is None:
        raise UsageError("the network leaves its input size open", file, "say it: --size 512x512")
    if not symbolic and stated not in (None, fixed):
        raise UsageError(f"the network's input is fixed to {fixed}", file, "leave out --size")
    size = stated if symbolic and stated else fixed
    if not all(0 < side <= LONGEST_SIDE for side in size):
        remedy = "name another network, or another --size where it leaves that open"
        raise NetworkError(f"an input of {size} is not within 1 and {LONGEST_SIDE} pixels a side", file, remedy)
    scores = state_shape(model) if changed else sizes(model).get(name, ())
    if len(scores) != 4:
        raise NetworkError("the output is no scores", f"{as_typed(file)}, {name}", "name a segmentation network")
    plain = kept_graph(f"{file_hash(file)[:32]}-plain-{len(names)}", lambda: model) if changed else file
    try:
        card = Card(
            name=card_name(file),
            file=plain.name,
            sha256=file_hash(plain),
            architecture="unknown",
            precision=precision,
            classes=fitting_names(names, scores[1], file),
            input=facts.model_copy(update={"name": value.name}),
            output=OutputFacts(name=name, align_corners=options.align_corners),
            stride=max(1, round(size.height / scores[2])) if scores[2] else 1,
            shapes=(size.hw,),
            origin=Origin(weights="unknown"),
        )
    except ValidationError as error:
        first = error.errors()[0]
        what = f"the network's {'.'.join(map(str, first['loc']))} cannot be used"
        raise NetworkError(what, file, "export it again", cause=first["msg"].lower()) from None
    return Network(plain, card, named=file, verified=False, symbolic=symbolic)


def _take_plain_form(model: "ModelProto", file: Path, facts: InputFacts, names: Sequence[str]) -> bool:
    """Change a model so that it takes and gives what engines here hand over; whether there was anything to change."""
    from deeplab_cv.networks import input_form, output_form

    changed = input_form.weights_off_the_inputs(model)
    input_form.check_one_input(model, file)
    input_form.check_plain_bytes(model, file, facts)
    changed |= input_form.take_floats(model)
    changed |= input_form.take_channels_first(model)
    input_form.check_picture(model, file)
    expected = max(2, len(names))
    if output_form.ends_in_scores(model, expected):
        return changed
    output_form.cut_after_scores(model, expected, upsampling=False)
    return True


def warn_of_shares(facts: InputFacts) -> None:
    """Log a warning where mean or std looks like that of colours from 0 to 1: nothing else would show it."""
    said = {"mean": facts.mean or (0, 0, 0), "std": facts.std or (1, 1, 1)}
    shares = [name for name, values in said.items() if max(values) <= 1 and any(0 < value < 1 for value in values)]
    if "std" in shares and max(said["std"]) < _LEAST_DEVIATION:
        shares.remove("std")
        remedy = ",".join(f"{1 / value:.6g}" for value in said["std"])
        _log.warning("std looks like a factor, and colours are divided by it: say %s", f"--std {remedy}")
    if shares:
        which = " and ".join(shares) + (" look" if len(shares) > 1 else " looks")
        remedy = "colours are counted 0..255 here, so multiply by 255, such as"
        usual = " ".join(_USUAL[name] for name in shares)
        _log.warning("%s like those of colours from 0 to 1: %s", which, f"{remedy} {usual}")


def class_names(text: str, *, least: int = 2) -> tuple[str, ...]:
    """The names behind `voc`, or those in a file, one a line.

    Args:
        text: `voc`, or a file's name.
        least: how many there must be; one name alone is that of a class against the background.

    Raises:
        UsageError: the file cannot be read, or has too few names or more than 255.
    """
    if text == "voc":
        return VOC_CLASSES
    path = Path(text)
    try:
        lines = (line.strip() for line in text_of(read_ordinary(path, most=_LARGEST_LIST)).splitlines())
        names = tuple(_LABELME_NAMES.get(line, line) for line in lines if line and line != _LABELME_UNKNOWN)
    except (OSError, ValueError) as error:
        raise UsageError("cannot read the class names", path, "write `voc`, or one class name a line") from error
    if len(names) < least or len(names) > 255:
        raise UsageError(f"expected {least} to 255 class names, got {len(names)}", path, "one class name a line")
    return names


def fitting_names(names: Sequence[str], classes: int, file: Path) -> tuple[str, ...]:
    """The names of a network's classes; one name alone is that of a class against the background.

    Args:
        names: as the user gives them.
        classes: how many the network scores, the background among them; 0 where that is not known.
        file: the network's.

    Raises:
        UsageError: they are not as many as the network's classes.
    """
    full = tuple(names) if len(names) > 1 else ("background", *names)
    if classes not in (0, len(full)):
        how = "the class alone, or background and class," if classes == 2 else "each class"
        remedy = f"name {how} in a file, one name a line: --classes names.txt"
        raise UsageError(f"the network has {classes} classes, --classes names {len(names)}", file, remedy)
    return full

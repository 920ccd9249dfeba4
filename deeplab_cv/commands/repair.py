"""Mend an ONNX file from elsewhere so that every engine gives its scores, prove that they did not change, write a card.

Mended are: weights in a second file, nodes in no order, channels last, open sizes, inputs of bytes or halves, argmax,
sigmoid and upsampling at the end, one class without its background, and the forms of image pooling, HardSigmoid and
Clip that one engine or another computes wrongly or refuses. What a card beside the file says need not be said again.

examples:
  app.py repair deeplab.onnx --classes voc --mean 127.5,127.5,127.5 --std 127.5,127.5,127.5 --order rgb --align-corners
  app.py repair open-size.onnx --size 512x512 --classes names.txt --mean 0,0,0 --std 1,1,1 --order bgr
"""

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deeplab_cv.errors import CardError, UsageError, as_typed
from deeplab_cv.machine import interrupts

if TYPE_CHECKING:
    from deeplab_cv.networks.card import Card
    from deeplab_cv.tools.repair import StatedFacts

QUESTIONS = {
    "classes": "class names: voc, or a file with one name a line (a class against the background: its name alone)",
    "mean": "mean per channel, 0..255 (0,0,0 for none)",
    "std": "standard deviation per channel, 0..255 (1,1,1 for none)",
    "order": "order of the colours: rgb or bgr",
}


_LIMIT_S = 900.0
"""What mending may take: the largest networks take minutes to be run four times."""

_MEMORY_SHARE = 0.8
"""Of this machine's memory: several copies of the network are held at once."""

_log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `repair`."""
    parser.add_argument("file", metavar="FILE", type=Path, help="network file (.onnx)")
    parser.add_argument("--out", metavar="FILE", type=Path, help="mended file (default: FILE-repaired.onnx)")
    parser.add_argument("--overwrite", action="store_true", help="replace a file of that name")
    for name, question in QUESTIONS.items():
        parser.add_argument(f"--{name}", help=question)
    parser.add_argument("--size", metavar="WxH", help="for a network that leaves its input size open")
    parser.add_argument(
        "--align-corners",
        action=argparse.BooleanOptionalAction,
        help="the scores are upsampled with aligned corners (default: what an upsampling in the file says)",
    )


def run(args: argparse.Namespace) -> int:
    """Repair, then say what was found and what it would have done."""
    from deeplab_cv.errors import NetworkError
    from deeplab_cv.machine.child import UnfinishedWorkError, in_child
    from deeplab_cv.networks.card import check_target, without_folders
    from deeplab_cv.networks.catalogue import refuse_variant
    from deeplab_cv.networks.onnx_file import load_onnx
    from deeplab_cv.networks.opening import named_file
    from deeplab_cv.networks.uncarded import warn_of_shares
    from deeplab_cv.tools.repair import repair

    file = named_file(str(args.file))
    refuse_variant(file)
    # Nobody answers questions about a file that cannot be read.
    load_onnx(file)
    knowledge = _knowledge(file, args)
    warn_of_shares(knowledge.input)
    target = args.out or file.with_name(f"{file.stem}-repaired.onnx")
    check_target(target, ".onnx", overwrite=args.overwrite)
    command = without_folders(["app.py", *sys.argv[1:]])
    with interrupts.raised():
        try:
            repaired = in_child(repair, file, target, knowledge, command, limit_s=_LIMIT_S, memory_share=_MEMORY_SHARE)
        except UnfinishedWorkError as error:
            remedy = "nothing was written; name another network"
            raise NetworkError("the network cannot be mended", file, remedy, cause=error) from error
        for name, harm in repaired.found:
            print(f"mended: {name} ({harm})")
        if not repaired.found:
            print("nothing to mend")
        input_size, classes, stride = repaired.card.input_sizes[0], len(repaired.card.classes), repaired.card.stride
        print(f"{as_typed(target)}: {classes} classes, {input_size}, scores for {stride} pixels")
        print(f"scores against the file as it came, in ONNX Runtime: {repaired.error:.1e} of the greatest apart")
        return 0


def _knowledge(file: Path, args: argparse.Namespace) -> "StatedFacts":
    """What the flags say, or else the card beside the file, or else who sits at the terminal. Raises UsageError."""
    from deeplab_cv.frames.size import stated_size
    from deeplab_cv.networks.card import InputFacts
    from deeplab_cv.networks.uncarded import class_names
    from deeplab_cv.options import flag
    from deeplab_cv.settings import settings_of
    from deeplab_cv.tools.repair import StatedFacts

    said: dict[str, str] = {name: getattr(args, name) for name in QUESTIONS if getattr(args, name)}
    size = stated_size(args.size, "--size") if args.size else None
    card = _card_beside(file) if len(said) < len(QUESTIONS) else None
    if card is None:
        said |= {name: _asked(name, question) for name, question in QUESTIONS.items() if name not in said}
    else:
        taken = [name for name in QUESTIONS if name not in said]
        if size is None:
            size = card.input_sizes[0]
            taken.append(f"size {size}")
        print(f"from its card: {', '.join(taken)}")
    colours = {name: word for name, word in said.items() if name != "classes"}
    options = settings_of(colours, {name: flag(name) for name in colours}).network
    facts = card.input if card else InputFacts()
    facts = facts.model_copy(update={name: getattr(options, name) for name in colours})
    if "mean" in said:
        facts = facts.model_copy(update={"padding": options.mean or (0, 0, 0)})
    return StatedFacts(
        class_names(said["classes"], least=1) if "classes" in said or card is None else card.classes,
        facts,
        size,
        args.align_corners,
        usually_aligned=card is not None and card.output.align_corners,
    )


def _card_beside(file: Path) -> "Card | None":
    """What the card beside a network says; None where there is none, or one that is not this file's."""
    from deeplab_cv.networks.card import card_path, read_card

    if not card_path(file).exists():
        return None
    try:
        return read_card(file)
    except CardError as error:
        # Who is told to write a new card with this command has such a one.
        _log.warning("the card beside it is left aside: %s", error.what)
        return None


def _asked(name: str, question: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError(f"the file does not say its {name}", f"--{name}", question)
    return input(f"{question}: ").strip()

"""Networks of other people: a card made up from what the command line says and the file shows."""

from pathlib import Path

from pydantic import ValidationError

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash, read_ordinary
from deeplab_cv.machine.program import program
from deeplab_cv.networks.card import LONGEST_SIDE, Card, InputFacts, Origin, OutputFacts, card_name
from deeplab_cv.networks.onnx_file import load_onnx
from deeplab_cv.networks.options import NetworkOptions

_LARGEST_LIST = 100_000
"""Bytes of a file of class names."""


def guessed_card(file: Path, options: NetworkOptions) -> tuple[Card, bool]:
    """A card for a network that has none, and whether the file leaves its height and width open.

    Raises:
        NetworkError: the file is not ONNX, or has another form than picture in, scores out.
        UsageError: what was said does not fit the file, or too little was said.
    """
    # onnx takes a while to import, and networks with a card never come here.
    from deeplab_cv.networks.onnx_graph import main_output

    model = load_onnx(file)
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    outputs = {value.name: value for value in model.graph.output}
    if len(inputs) != 1:
        raise NetworkError(f"expected one input, got {len(inputs)}", file, "name a segmentation network")
    dimensions = inputs[0].type.tensor_type.shape.dim
    if len(dimensions) != 4 or dimensions[1].dim_value != 3:
        remedy = f"`{program()} repair` makes one with input (1, 3, height, width)"
        raise NetworkError("the input is not (1, 3, height, width)", f"{file}, {inputs[0].name}", remedy)
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
    name = main_output(model.graph)
    classes = class_names(options.classes or "voc")
    channels = outputs[name].type.tensor_type.shape.dim
    if len(channels) != 4:
        remedy = f"`{program()} repair` cuts an argmax at the end"
        raise NetworkError("the output is not (1, classes, height, width)", f"{file}, {name}", remedy)
    if channels[1].dim_value not in (0, len(classes)):
        raise UsageError(
            f"the network has {channels[1].dim_value} classes, --classes names {len(classes)}",
            file,
            "name a file with one class name a line: --classes names.txt",
        )
    output_height = channels[2].dim_value
    stride = max(1, round(size.height / output_height)) if output_height else 1
    try:
        card = Card(
            name=card_name(file),
            file=file.name,
            sha256=file_hash(file),
            architecture="unknown",
            classes=classes,
            input=InputFacts(name=inputs[0].name, order=options.order, mean=options.mean, std=options.std),
            output=OutputFacts(name=name, align_corners=options.align_corners),
            stride=stride,
            shapes=(size.hw,),
            origin=Origin(weights="unknown"),
        )
    except ValidationError as error:
        first = error.errors()[0]
        what = f"the network's {'.'.join(map(str, first['loc']))} cannot be used"
        raise NetworkError(what, file, "export it again", cause=first["msg"].lower()) from None
    return card, symbolic


def class_names(text: str) -> tuple[str, ...]:
    """The names behind `voc`, or those in a file, one a line. Raises UsageError."""
    if text == "voc":
        return VOC_CLASSES
    path = Path(text)
    try:
        text = read_ordinary(path, most=_LARGEST_LIST).decode("utf-8-sig")
        names = tuple(line.strip() for line in text.splitlines() if line.strip())
    except (OSError, ValueError) as error:
        raise UsageError("cannot read the class names", path, "write `voc`, or one class name a line") from error
    if len(names) < 2 or len(names) > 255:
        raise UsageError(f"expected 2 to 255 class names, got {len(names)}", path, "one class name a line")
    return names

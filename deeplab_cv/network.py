"""A network file + its card -> a graph of one fixed shape, ready for an engine."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deeplab_cv.card import (
    Card,
    Golden,
    InputFacts,
    Origin,
    OutputFacts,
    Precision,
    Shape,
    card_path,
    file_hash,
    read_card,
    read_golden,
)
from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.folders import cache_folder, models_folder
from deeplab_cv.settings import Settings


@dataclass(frozen=True)
class Network:
    """A network file and what is known of it.

    Attributes:
        file: the ONNX file.
        card: its card; made up from the command line for a network that has none.
        verified: it has a card whose hash fits, so its scores can be proven.
        symbolic: its height and width can be fixed to any of the card's shapes.
    """

    file: Path
    card: Card
    verified: bool
    symbolic: bool


@dataclass(frozen=True)
class Graph:
    """A network of one fixed shape, as a file.

    Attributes:
        file: ONNX file whose input is (1, 3, height, width).
        sha256: hash of the network it was made from.
        shape: height and width of the input in pixels.
        card: the network's card.
        precision: what the file itself computes in; an engine may compute in less.
        verified: the network has a card whose hash fits.
        golden: input and scores to prove an engine with; None for a network without a card.
        engines: the engines this file is meant for; empty for all.
        form: how it was rewritten, such as `slices`; empty for a file as it came.
    """

    file: Path
    sha256: str
    shape: Shape
    card: Card
    precision: Precision
    verified: bool
    golden: Golden | None
    engines: tuple[str, ...] = ()
    form: str = ""


@dataclass(frozen=True)
class Guess:
    """What the command line says of a network that has no card.

    Attributes:
        classes: `voc`, or a file with one class name a line.
        mean: per channel, 0..255; None for 0.
        std: per channel, 0..255; None for 1.
        order: `rgb` or `bgr`.
        size_wh: input size in pixels for a network that leaves it open.
        align_corners: its scores are upsampled with aligned corners.
    """

    classes: str = "voc"
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    order: str = "rgb"
    size_wh: tuple[int, int] | None = None
    align_corners: bool = False


def default_network_file() -> Path:
    """The network in models/. Raises UsageError, saying how to get one, where there is none."""
    cards = sorted(models_folder().glob("*.card.yaml"))
    files = [path.with_name(path.name.replace(".card.yaml", ".onnx")) for path in cards]
    for file in files:
        if file.exists():
            return file
    raise UsageError(
        "there is no network to run",
        models_folder(),
        "make one with `app.py export deeplabv3_mobilenet_v3_large`, or name a file with --model",
    )


def open_network(file: Path, guess: Guess | None = None) -> Network:
    """Read a network and its card, or make up a card from `guess` for one that has none.

    Raises:
        NetworkError: no such file, not ONNX, or no form this program can run.
        CardError: the card is wrong or belongs to another file.
        UsageError: flags were given for a network whose card already says it.
    """
    if not file.is_file():
        raise NetworkError("no such network file", file, "name an .onnx file with --model")
    if card_path(file).exists():
        if guess is not None and guess != Guess():
            raise UsageError(
                "--classes, --mean, --std, --order, --size and --align-corners are for networks without a card",
                card_path(file),
                "leave them out: the card says it",
            )
        card = read_card(file)
        return Network(file, card, verified=True, symbolic=len(card.shapes) > 1)
    card, symbolic = _guessed_card(file, guess or Guess())
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


def nearest_shape(shapes: tuple[Shape, ...], size_wh: tuple[int, int]) -> Shape:
    """The shape (height, width) whose aspect is nearest to a frame's, by ratio."""
    aspect = math.log(size_wh[0] / size_wh[1])
    return min(shapes, key=lambda shape: abs(math.log(shape[1] / shape[0]) - aspect))


def graph_for(network: Network, size_wh: tuple[int, int]) -> Graph:
    """The network at the proven shape nearest to a frame's aspect, as a file in the cache folder.

    Args:
        network: the network.
        size_wh: width and height of the frames in pixels.
    """
    shape = nearest_shape(network.card.shapes, size_wh)
    card = network.card
    file = fixed_file(network.file, card.sha256, shape) if network.symbolic else network.file
    golden = read_golden(card, network.file.parent, shape) if network.verified else None
    return Graph(file, card.sha256, shape, card, card.precision, network.verified, golden)


def variant_graphs(network: Network, graph: Graph) -> list[Graph]:
    """The further files on the card (such as int8) at the same shape as `graph`, and the graph rewritten for speed."""
    rewritten = rewritten_graph(graph)
    graphs = [] if rewritten is None else [rewritten]
    for variant in network.card.variants:
        file = network.file.with_name(variant.file)
        if not file.exists() or file_hash(file) != variant.sha256:
            raise NetworkError(
                "a variant named on the card is missing or changed", file, "fetch it again, or run `app.py export`"
            )
        fixed = fixed_file(file, variant.sha256, graph.shape) if network.symbolic else file
        graphs.append(
            Graph(
                fixed,
                variant.sha256,
                graph.shape,
                network.card,
                variant.precision,
                True,
                graph.golden,
                variant.engines,
            )
        )
    return graphs


def rewritten_graph(graph: Graph) -> Graph | None:
    """The same network with its wide dilated convolutions written as slices; None where that changes nothing.

    Faster on some engines and processors, slower on others: a further file to choose from.
    """
    from deeplab_cv.atrous import rewrite_atrous

    height, width = graph.shape
    path = cache_folder("graphs") / f"{graph.card.name}-{graph.sha256[:16]}-{height}x{width}-slices.onnx"
    if not path.exists():
        import onnx

        model = onnx.shape_inference.infer_shapes(_load(graph.file))
        if not rewrite_atrous(model):
            return None
        _save(model, path)
    return replace(graph, file=path, sha256=f"{graph.sha256}-slices", form="slices")


def fixed_file(file: Path, sha256: str, shape: Shape) -> Path:
    """A copy of a network with its symbolic height and width fixed, kept in the user's cache. Raises NetworkError."""
    height, width = shape
    path = cache_folder("graphs") / f"{file.stem}-{sha256[:16]}-{height}x{width}.onnx"
    if not path.exists():
        import onnx

        model = _load(file)
        dimensions = model.graph.input[0].type.tensor_type.shape.dim
        dimensions[2].dim_value, dimensions[3].dim_value = height, width
        # What was inferred for the symbolic size would contradict the fixed one.
        del model.graph.value_info[:]
        for output in model.graph.output:
            for dimension in output.type.tensor_type.shape.dim[2:]:
                dimension.Clear()
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        _save(model, path)
    return path


def _guessed_card(file: Path, guess: Guess) -> tuple[Card, bool]:
    model = _load(file)
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    outputs = {value.name: value for value in model.graph.output}
    if len(inputs) != 1:
        raise NetworkError(f"expected one input, got {len(inputs)}", file, "name a segmentation network")
    dimensions = inputs[0].type.tensor_type.shape.dim
    if len(dimensions) != 4 or dimensions[1].dim_value != 3:
        remedy = "`app.py repair` makes one with input (1, 3, height, width)"
        raise NetworkError("the input is not (1, 3, height, width)", f"{file}, {inputs[0].name}", remedy)
    fixed = dimensions[2].dim_value, dimensions[3].dim_value
    symbolic = 0 in fixed
    if symbolic and guess.size_wh is None:
        raise UsageError("the network leaves its input size open", file, "say it: --size 512x512")
    if not symbolic and guess.size_wh is not None and guess.size_wh != fixed[::-1]:
        raise UsageError(f"the network's input is fixed to {fixed[1]}x{fixed[0]}", file, "leave out --size")
    shape = (guess.size_wh[1], guess.size_wh[0]) if symbolic and guess.size_wh else fixed
    name = next((name for name in ("output", "out", "logits") if name in outputs), next(iter(outputs)))
    classes = class_names(guess.classes)
    channels = outputs[name].type.tensor_type.shape.dim
    if len(channels) != 4:
        remedy = "`app.py repair` cuts an argmax at the end"
        raise NetworkError("the output is not (1, classes, height, width)", f"{file}, {name}", remedy)
    if channels[1].dim_value not in (0, len(classes)):
        raise UsageError(
            f"the network has {channels[1].dim_value} classes, --classes names {len(classes)}",
            file,
            "name a file with one class name a line: --classes names.txt",
        )
    output_height = channels[2].dim_value
    stride = max(1, round(shape[0] / output_height)) if output_height else 1
    card = Card(
        name=file.stem,
        file=file.name,
        sha256=file_hash(file),
        architecture="unknown",
        classes=classes,
        input=InputFacts(
            name=inputs[0].name, order="bgr" if guess.order == "bgr" else "rgb", mean=guess.mean, std=guess.std
        ),
        output=OutputFacts(name=name, align_corners=guess.align_corners),
        stride=stride,
        pixel_budget=shape[0] * shape[1],
        shapes=(shape,),
        origin=Origin(weights="unknown"),
    )
    return card, symbolic


def class_names(text: str) -> tuple[str, ...]:
    """The names behind `voc`, or those in a file, one a line. Raises UsageError."""
    if text == "voc":
        return VOC_CLASSES
    path = Path(text)
    try:
        names = tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("cannot read the class names", path, "write `voc`, or one class name a line") from error
    if len(names) < 2 or len(names) > 255:
        raise UsageError(f"expected 2 to 255 class names, got {len(names)}", path, "one class name a line")
    return names


def _save(model: Any, path: Path) -> None:
    import onnx

    temporary = path.with_suffix(".partial")
    onnx.save(model, str(temporary))
    temporary.replace(path)


def _load(file: Path) -> Any:
    import onnx

    try:
        model = onnx.load(str(file))
        onnx.checker.check_model(model)
    except Exception as error:  # onnx raises protobuf's, its own and the system's errors alike
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise NetworkError("not a whole ONNX network", file, f"fetch or export it again ({reason})") from error
    return model

"""A network file + its card -> a graph of one fixed shape, ready for an engine."""

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash
from deeplab_cv.machine.program import program
from deeplab_cv.networks.card import Card, Precision
from deeplab_cv.networks.golden import Golden, read_golden
from deeplab_cv.networks.graph_cache import graph_key, kept_graph, kept_graph_if_any
from deeplab_cv.networks.onnx_file import load_onnx

_SAME_ASPECT = 0.05
"""Aspects of proven shapes whose logarithms differ by less are one: 16:9 is 1.78 at 512x288 and 1.80 at 432x240."""


_SLICES = "slices"


@dataclass(frozen=True)
class Network:
    """A network file and what is known of it.

    Attributes:
        file: the ONNX file; for a network without a card it may be a copy in the cache.
        named: the file that the user named, for messages.
        card: its card; made up from the command line for a network that has none.
        verified: it has a card whose hash fits, so its scores can be proven.
        symbolic: its height and width can be fixed to any of the card's shapes.
    """

    file: Path
    card: Card
    _: KW_ONLY
    named: Path
    verified: bool
    symbolic: bool


@dataclass(frozen=True)
class Graph:
    """A network of one fixed shape, as a file.

    Attributes:
        file: ONNX file whose input is (1, 3, height, width).
        sha256: hash of the network it was made from.
        input_size: width and height of the input in pixels.
        card: the network's card.
        named: the file that the user named, or its variant, for messages: `file` may lie in the cache.
        precision: what the file itself computes in; an engine may compute in less.
        verified: the network has a card whose hash fits.
        golden: input and scores to prove an engine with; None for a network without a card.
        engines: the engines this file is meant for; empty for all.
        form: how it was rewritten, such as `slices`; empty for a file as it came.
    """

    file: Path
    sha256: str
    input_size: Size
    card: Card
    _: KW_ONLY
    named: Path
    precision: Precision
    verified: bool
    golden: Golden | None
    engines: tuple[str, ...] = ()
    form: str = ""


def fitting_sizes(input_sizes: Sequence[Size], size: Size) -> list[Size]:
    """Those of a network's input sizes whose aspect is nearest to a frame's, by ratio; the largest first.

    Sides are whole strides, so that one aspect at several sizes is not quite the same.
    """
    wanted = _aspect(size)
    nearest = min((_aspect(each) for each in input_sizes), key=lambda aspect: abs(aspect - wanted))
    alike = [each for each in input_sizes if abs(_aspect(each) - nearest) < _SAME_ASPECT]
    return sorted(alike, key=math.prod, reverse=True)


def _aspect(size: Size) -> float:
    return math.log(size.width / size.height)


def nearest_size(input_sizes: Sequence[Size], size: Size) -> Size:
    """The largest of a network's input sizes that fit a frame."""
    return fitting_sizes(input_sizes, size)[0]


def graph_for(network: Network, size: Size) -> Graph:
    """The network at the largest proven size that fits frames of a size, see `graph_at`."""
    return graph_at(network, nearest_size(network.card.input_sizes, size))


def graph_at(network: Network, input_size: Size) -> Graph:
    """The network at one of its proven sizes, as a file in the cache folder."""
    card = network.card
    file = network.file
    if network.symbolic:
        file = fixed_file(file, card.sha256, input_size, named=network.named)
    golden = read_golden(card, network.file.parent, input_size) if network.verified else None
    return Graph(
        file,
        card.sha256,
        input_size,
        card,
        named=network.named,
        precision=card.precision,
        verified=network.verified,
        golden=golden,
    )


def at_size(network: Network, input_size: Size) -> Network:
    """The network at one of its proven sizes alone. Raises UsageError."""
    if input_size not in network.card.input_sizes:
        proven = ", ".join(map(str, network.card.input_sizes))
        raise UsageError("the network has not been proven at this shape", input_size, f"it has {proven}")
    return replace(network, card=network.card.model_copy(update={"shapes": (input_size.hw,)}))


def variant_graphs(network: Network, graph: Graph) -> list[Graph]:
    """The further files on the card (such as int8) at the same shape as `graph`, and the graph rewritten for speed."""
    rewritten = rewritten_graph(graph)
    graphs = [] if rewritten is None else [rewritten]
    for variant in network.card.variants:
        file = network.file.with_name(variant.file)
        if not file.is_file() or file_hash(file) != variant.sha256:
            raise NetworkError(
                "a variant named on the card is missing or changed",
                file,
                f"fetch it again, or run `{program()} export`",
            )
        fixed = fixed_file(file, variant.sha256, graph.input_size, named=file) if network.symbolic else file
        graphs.append(
            Graph(
                fixed,
                variant.sha256,
                graph.input_size,
                network.card,
                named=file,
                precision=variant.precision,
                verified=True,
                golden=graph.golden,
                engines=variant.engines,
            )
        )
    return graphs


def rewritten_graph(graph: Graph) -> Graph | None:
    """The same network with its wide dilated convolutions written as slices; None where that changes nothing.

    Faster on some engines and processors, slower on others: a further file to choose from.
    """
    file = kept_graph_if_any(graph_key(graph.sha256, graph.input_size, _SLICES), partial(_in_slices, graph.file))
    return None if file is None else replace(graph, file=file, sha256=f"{graph.sha256}-{_SLICES}", form=_SLICES)


def fixed_file(file: Path, sha256: str, input_size: Size, *, named: Path) -> Path:
    """A copy of a network with its symbolic height and width fixed, kept in the user's cache.

    Raises NetworkError, which names the file that the user `named`.
    """
    return kept_graph(graph_key(sha256, input_size), partial(_fixed, file, input_size, named))


def _in_slices(file: Path) -> Any | None:
    import onnx

    from deeplab_cv.networks.slices import rewrite_atrous

    try:
        model = onnx.shape_inference.infer_shapes(load_onnx(file))
        return model if rewrite_atrous(model) else None
    except Exception:  # a network from elsewhere may have any form; whether it runs at all is for the engines to say
        return None


def _fixed(file: Path, input_size: Size, named: Path) -> Any:
    import onnx

    model = load_onnx(file)
    weights = {tensor.name for tensor in model.graph.initializer}
    picture = next(value for value in model.graph.input if value.name not in weights)
    dimensions = picture.type.tensor_type.shape.dim
    dimensions[2].dim_value, dimensions[3].dim_value = input_size.hw
    # What was inferred for the symbolic size would contradict the fixed one.
    del model.graph.value_info[:]
    for output in model.graph.output:
        for dimension in output.type.tensor_type.shape.dim[2:]:
            dimension.Clear()
    try:
        return onnx.shape_inference.infer_shapes(model, strict_mode=True)
    except Exception as error:  # its own, without a common base
        reason = " ".join(str(error).split())[:300]
        raise NetworkError(
            f"the network does not take {input_size}", named, "name another --size", cause=reason
        ) from error

"""Single steps at the end of a network's graph: what each does to the scores that it is given."""

from dataclasses import KW_ONLY, dataclass

from deeplab_cv.networks.onnx_graph import GraphProto, Node, attribute, producer, weight

Sizes = dict[str, tuple[int, ...]]
"""Shapes by tensor name, 0 for a side that is open."""

_PASSING = {"Cast", "Squeeze", "Unsqueeze", "Identity"}
_CLASSES_ALONG = {"ArgMax", "Softmax", "LogSoftmax"}
_POINTWISE = {"Add", "Sub", "Mul", "Div", "Sigmoid", "HardSigmoid", "Relu", "Clip", "Cast", "Identity", "LeakyRelu"}
_AS_LARGE = {"Resize", "Upsample", "Transpose", "Reshape", *_PASSING}


@dataclass(frozen=True)
class Ending:
    """A step that may be cut: the greatest score before it is the greatest after it.

    Attributes:
        before: the tensor that it reads.
        word: what it is, in plain words; empty for what need not be told.
        upsamples: it is an upsampling.
        align_corners: how it lays its corners, where it is one.
        channels_last: whether it shows that the classes lie along the last axis before it; None where it shows neither.
        threshold: above it one class alone beats the background; None where the step says nothing of it.
    """

    before: str
    word: str = ""
    _: KW_ONLY
    upsamples: bool = False
    align_corners: bool = False
    channels_last: bool | None = None
    threshold: float | None = None


def ending(graph: GraphProto, node: Node, shapes: Sizes, names: int, *, as_shares: bool) -> Ending | None:
    """What a step is behind the scores; None for one that belongs to the network.

    Args:
        graph: where it stands.
        node: the step.
        shapes: of the graph's tensors.
        names: how many classes the user names.
        as_shares: what was cut behind it works on shares: upsampled or compared as such, they are no longer those of
            the scores, so that a sigmoid stays.
    """
    kind, before = node.op_type, node.input[0] if node.input else ""
    if kind in _PASSING or _keeps_order(node, shapes):
        return Ending(before)
    if kind in _CLASSES_ALONG:
        default = 0 if kind == "ArgMax" else None
        last = attribute(node, "axis", default) in (3, -1) and len(shapes.get(before, ())) == 4
        return Ending(before, kind.lower(), channels_last=last or None)
    if kind == "Transpose" and list(attribute(node, "perm", ())) == [0, 2, 3, 1]:
        return Ending(before, "channels last", channels_last=False)
    if _upsamples(node, shapes):
        aligned = attribute(node, "coordinate_transformation_mode", b"half_pixel") == b"align_corners"
        return Ending(before, "the last upsampling", upsamples=True, align_corners=aligned)
    if not _is_one_channel(shapes.get(before, ()), names):
        return None
    if kind == "Sigmoid" and not as_shares:
        return Ending(before, "sigmoid")
    if kind == "Round":
        return Ending(before, "rounding", threshold=0.5)
    limit = weight(graph, node.input[1]) if kind in {"Greater", "GreaterOrEqual"} else None
    if limit is None or limit.size != 1:
        return None
    return Ending(before, "a threshold", threshold=float(limit.reshape(-1)[0]))


def is_share(graph: GraphProto, name: str) -> bool:
    """Whether a tensor holds shares of 0..1: a sigmoid's values, perhaps enlarged or laid out anew since."""
    while (node := producer(graph, name)) is not None:
        if node.op_type in {"Sigmoid", "HardSigmoid"}:
            return True
        if node.op_type == "Clip":
            bounds = [weight(graph, each) for each in node.input[1:3]]
            return [None if each is None else float(each.reshape(-1)[0]) for each in bounds] == [0.0, 1.0]
        if node.op_type in {"Div", "Reciprocal"}:
            return _is_written_out_sigmoid(graph, node)
        if node.op_type not in _AS_LARGE:
            return False
        name = node.input[0]
    return False


def turned_last(graph: GraphProto, name: str) -> bool | None:
    """Whether a Transpose before a tensor put the classes last, or first; None where there is none to tell it."""
    while (node := producer(graph, name)) is not None:
        if node.op_type == "Transpose":
            return {(0, 2, 3, 1): True, (0, 3, 1, 2): False}.get(tuple(attribute(node, "perm", ())))
        if node.op_type not in _POINTWISE | _CLASSES_ALONG:
            return None
        computed = [each for each in node.input if weight(graph, each) is None and not _is_constant(graph, each)]
        if not computed:
            return None
        name = computed[0]
    return None


def _keeps_order(node: Node, shapes: Sizes) -> bool:
    """Whether a Reshape or Transpose moves axes of one alone, so that the values stay in their order."""
    if node.op_type not in {"Reshape", "Transpose"}:
        return False
    before, after = shapes.get(node.input[0], ()), shapes.get(node.output[0], ())
    if not before or not after:
        return False
    if node.op_type == "Transpose":
        order = [axis for axis in attribute(node, "perm", range(len(before))[::-1]) if before[axis] != 1]
        return len(order) < len(before) and order == sorted(order)
    # With one side open, the number of values makes that one the same as well.
    return before.count(0) <= 1 and _without_ones(before) == _without_ones(after)


def _without_ones(shape: tuple[int, ...]) -> list[int]:
    return [side for side in shape if side != 1]


def _is_one_channel(shape: tuple[int, ...], names: int) -> bool:
    """Whether a tensor of this shape holds one number for each pixel."""
    if len(shape) == 4:
        return 1 in (shape[1], shape[3])
    if len(shape) == 3:
        return 1 in (shape[0], shape[2]) or (shape[0] == 0 and names <= 2 and names not in shape[1:])
    return len(shape) == 2 and 1 not in shape


def _upsamples(node: Node, shapes: Sizes) -> bool:
    mode = attribute(node, "mode", b"nearest")
    before, after = shapes.get(node.input[0], ()), shapes.get(node.output[0], ())
    grows = len(before) != 4 or len(after) != 4 or 0 in after[2:] or after[2] > before[2]
    return node.op_type in {"Resize", "Upsample"} and mode == b"linear" and grows


def _is_written_out_sigmoid(graph: GraphProto, node: Node) -> bool:
    """Whether a division is 1 / (1 + exp(-x))."""
    below = producer(graph, node.input[-1])
    if below is None or below.op_type != "Add":
        return False
    makers = [producer(graph, each) for each in below.input]
    return any(maker is not None and maker.op_type == "Exp" for maker in makers)


def _is_constant(graph: GraphProto, name: str) -> bool:
    node = producer(graph, name)
    return node is not None and node.op_type == "Constant"

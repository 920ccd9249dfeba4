"""Finds the scores in what a network gives, and makes them its one output: float32 (1, classes, height, width).

Networks end in many ways: in labels (argmax) or shares (softmax, sigmoid), upsampled or not, with the classes as the
last axis, with axes of one left out, or with one class alone, whose background has no scores of its own.
"""

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from deeplab_cv.errors import NetworkError
from deeplab_cv.networks.endings import Sizes, ending, is_share, turned_last
from deeplab_cv.networks.node_order import in_order
from deeplab_cv.networks.onnx_graph import (
    add_node,
    add_weight,
    drop_dead,
    free_name,
    known_values,
    main_output,
    producer,
    rename,
    size_of,
)

OUTPUT = "output"
"""How the scores are called."""

_LOGITS, _SHARES = (0.0, 0.0), (-1.0, 1.0)


@dataclass(frozen=True)
class ScoresLayout:
    """How scores lie in a tensor.

    Attributes:
        missing: the axes of one that the tensor lacks.
        channels_last: it is (1, height, width, classes) with these.
        background: for one class alone, the scale and offset that give the background's score from the class's; None
            where the background has scores of its own.
    """

    missing: tuple[int, ...] = ()
    _: KW_ONLY
    channels_last: bool = False
    background: tuple[float, float] | None = None

    @property
    def plain(self) -> bool:
        """It is (1, classes, height, width) already."""
        return self == ScoresLayout()

    def scores(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """The tensor's values as float32 (1, classes, height, width)."""
        full = np.expand_dims(values, self.missing).astype(np.float32)
        first = full.transpose(0, 3, 1, 2) if self.channels_last and full.ndim == 4 else full
        if self.background is None:
            return np.asarray(first)
        scale, offset = self.background
        return np.asarray(np.concatenate([first * scale + offset, first], axis=1), np.float32)


@dataclass(frozen=True)
class ScoresCut:
    """What was cut behind the scores.

    Attributes:
        scores: the tensor that holds the scores, by its name in the file as it came.
        layout: how they lie in it.
        words: what was cut, in plain words.
        align_corners: how the upsampling that was cut laid its corners; None where there was none.
    """

    scores: str
    layout: ScoresLayout
    words: tuple[str, ...]
    align_corners: bool | None


def cut_after_scores(model: onnx.ModelProto, names: int, *, upsampling: bool = True) -> ScoresCut:
    """Make the scores the only output, `output`, cutting what stands behind them.

    Args:
        model: changed in place.
        names: how many classes the user names; where the axes' lengths leave it open they tell which the classes' is.
        upsampling: cut the last upsampling as well, so that the scores come at the head's own stride.

    Raises:
        NetworkError: the output has a shape that no scores have.
    """
    graph = model.graph
    values = {value.name: value for value in known_values(model)}
    cut = _find_scores(graph, {name: size_of(value) for name, value in values.items()}, names, upsampling=upsampling)
    kind = _kind(values.get(cut.scores))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, None))
    if kind == TensorProto.FLOAT and cut.layout.plain:
        rename(graph, cut.scores, OUTPUT)
    else:
        before = free_name(graph, f"{OUTPUT}_as_it_came")
        rename(graph, cut.scores, before)
        rename(graph, OUTPUT, free_name(graph, f"{OUTPUT}_before"))
        _lay_out(model, before, kind, cut.layout)
    drop_dead(graph)
    in_order(graph)
    return cut


def state_shape(model: onnx.ModelProto) -> tuple[int, ...]:
    """Write the shape of the only output into the model, as files have to; returns it, 0 for a side left open."""
    output = model.graph.output[0]
    shape = next((size_of(value) for value in known_values(model) if value.name == output.name), ())
    kind = output.type.tensor_type.elem_type
    output.CopyFrom(helper.make_tensor_value_info(output.name, kind, [side or None for side in shape]))
    return shape


def ends_in_scores(model: onnx.ModelProto, names: int) -> bool:
    """Whether the network's main output is float32 (1, classes, height, width) as it is."""
    graph = model.graph
    values = {value.name: value for value in known_values(model)}
    value = values.get(main_output(graph))
    if value is None or _kind(value) != TensorProto.FLOAT or len(size_of(value)) != 4:
        return False
    layout = _layout(size_of(value), names, last=turned_last(graph, value.name), background=_LOGITS)
    return layout is not None and layout.plain


def _kind(value: Any) -> int:
    """The type of a tensor's numbers; float32 where nothing is known."""
    return TensorProto.FLOAT if value is None else int(value.type.tensor_type.elem_type or TensorProto.FLOAT)


def _find_scores(graph: Any, shapes: Sizes, names: int, *, upsampling: bool) -> ScoresCut:
    name = main_output(graph)
    words: list[str] = []
    align_corners: bool | None = None
    threshold: float | None = None
    last: bool | None = None
    while (node := producer(graph, name)) is not None:
        as_shares = align_corners is not None or threshold is not None
        step = ending(graph, node, shapes, names, as_shares=as_shares)
        if step is None or (step.upsamples and not upsampling):
            break
        align_corners = step.align_corners if step.upsamples else align_corners
        threshold = step.threshold if step.threshold is not None else threshold
        last = step.channels_last if step.channels_last is not None else last
        words += [step.word] if step.word else []
        name = step.before
    background = _LOGITS if threshold is None else (0.0, threshold)
    if threshold in (None, 0.5) and is_share(graph, name):
        background = _SHARES
    last = turned_last(graph, name) if last is None else last
    layout = _layout(shapes.get(name, ()), names, last=last, background=background)
    if layout is None:
        raise NetworkError("the output is no scores", main_output(graph), "name a segmentation network")
    return ScoresCut(name, layout, tuple(reversed(words)), align_corners)


def _layout(
    shape: tuple[int, ...], names: int, *, last: bool | None, background: tuple[float, float]
) -> ScoresLayout | None:
    """How scores lie in a tensor of this shape, 0 for a side that is open; None where it can hold none.

    last: whether the graph shows that the classes lie along the last axis; None where it does not show it.
    """
    if len(shape) == 4:
        if 1 in (shape[1], shape[3]):
            return ScoresLayout((), channels_last=shape[1] != 1, background=background)
        return ScoresLayout((), channels_last=(shape[3] == names and shape[1] != names) if last is None else last)
    if len(shape) == 3 and shape[0] not in (0, 1) and shape[0] == names:
        return ScoresLayout((0,))
    if len(shape) == 3 and shape[2] == names > 1:
        return ScoresLayout((0,), channels_last=True)
    if len(shape) == 3 and shape[2] == 1 and 1 not in shape[:2]:
        return ScoresLayout((0,), channels_last=True, background=background)
    if len(shape) == 3 and shape[0] in (0, 1) and 1 not in shape[1:]:
        return ScoresLayout((1,), channels_last=False, background=background)
    if len(shape) == 2 and 0 not in shape and 1 not in shape:
        return ScoresLayout((0, 1), channels_last=False, background=background)
    return None if shape else ScoresLayout()


def _lay_out(model: onnx.ModelProto, name: str, kind: int, layout: ScoresLayout) -> None:
    """Append what makes float32 (1, classes, height, width) of a tensor."""
    graph = model.graph
    if kind != TensorProto.FLOAT:
        name = add_node(graph, "Cast", [name], to=TensorProto.FLOAT)
    if layout.missing:
        opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
        if opset < 13:
            name = add_node(graph, "Unsqueeze", [name], axes=list(layout.missing))
        else:
            axes = add_weight(graph, f"{OUTPUT}_axes", np.array(layout.missing, np.int64))
            name = add_node(graph, "Unsqueeze", [name, axes])
    if layout.channels_last:
        name = add_node(graph, "Transpose", [name], perm=[0, 3, 1, 2])
    if layout.background is not None:
        # A convolution of one pixel, which every engine computes, in place of a concatenation with a constant map.
        scale, offset = layout.background
        kernel = np.array([scale, 1], np.float32).reshape(2, 1, 1, 1)
        weights = [
            add_weight(graph, f"{OUTPUT}_kernel", kernel),
            add_weight(graph, f"{OUTPUT}_bias", np.array([offset, 0], np.float32)),
        ]
        name = add_node(graph, "Conv", [name, *weights], kernel_shape=[1, 1])
    graph.node[-1].output[0] = OUTPUT

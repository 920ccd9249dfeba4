"""Somebody's ONNX file -> a file every engine reads alike, with a card and the proof that its scores are the same."""

import copy
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NoKernel

from deeplab_cv.engines.engine import Blob
from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.frames.frame import Scores
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash
from deeplab_cv.networks.card import (
    Card,
    GoldenFacts,
    InputFacts,
    Origin,
    OutputFacts,
    card_name,
    write_card,
)
from deeplab_cv.networks.golden import FLOAT32_TOLERANCE, GOLDEN_SEED, golden_blob, greatest_error, write_golden
from deeplab_cv.networks.input_form import (
    check_one_input,
    check_picture,
    check_plain_bytes,
    take_channels_first,
    take_floats,
    weights_off_the_inputs,
)
from deeplab_cv.networks.onnx_file import load_sorted
from deeplab_cv.networks.onnx_graph import computes_in_half, main_output, save_graph, simplified
from deeplab_cv.networks.output_form import OUTPUT, ScoresCut, cut_after_scores
from deeplab_cv.networks.uncarded import fitting_names
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.tools.reference import reference_session
from deeplab_cv.tools.repairing.mends import MENDS

PROOF_SEEDS = (1, 2)
SAME = 1e-4
"""How far rounding may move the scores, as a share of the greatest."""

SAME_IN_HALF = 5e-3
"""The same for a network that computes in float16, which rounds each number by up to 5e-4 of itself."""

HALF_TOLERANCE = 0.02
"""For engines that compute in float16: without the PyTorch network its own rounding cannot be measured."""


@dataclass(frozen=True)
class StatedFacts:
    """What no file says of itself, so that its user has to.

    Attributes:
        size: for a file that leaves its input size open.
        align_corners: None to take the word of an upsampling at the file's end.
        usually_aligned: what holds where neither says it.
    """

    classes: tuple[str, ...]
    input: InputFacts
    size: Size | None
    align_corners: bool | None
    _: KW_ONLY
    usually_aligned: bool = False


@dataclass(frozen=True)
class Repaired:
    """What was found and written.

    Attributes:
        found: each trap and what it does to the mask.
        error: greatest difference from the file as it came, as a share of the greatest score.
    """

    card: Card
    found: tuple[tuple[str, str], ...]
    error: float


def repair(file: Path, target: Path, stated: StatedFacts, command: str) -> Repaired:
    """Write a mended copy of a network with its card and golden scores.

    Raises:
        NetworkError: the file is no network, or its scores would change.
        UsageError: its input size is open and none was stated or fixed to another one, or the class names do not fit.
    """
    original, unsorted = load_sorted(file)
    found = []
    if unsorted:
        found.append(("nodes in no order", "the standard forbids it, and engines refuse the file"))
    if _in_two_files(file):
        found.append(("weights in a second file", "without it beside the first the network does not load"))
    if weights_off_the_inputs(original):
        found.append(("weights listed as inputs", "engines must not compute ahead with them, and ask for them"))
    check_one_input(original, file)
    check_plain_bytes(original, file, stated.input)
    model = copy.deepcopy(original)
    if take_floats(model):
        found.append(("input of another type than float32", "this program and OpenCV hand in float32"))
    channels_last = take_channels_first(model)
    if channels_last:
        found.append(("input with channels last", "this program and OpenCV hand in channels first"))
    input_size = _fix_size(model, file, stated.size)
    model = simplified(model)
    cut = cut_after_scores(model, max(2, len(stated.classes)))
    if _gives_other_floats(original):
        found.append(("scores of another type than float32", "this program and OpenCV read float32"))
    if cut.layout.channels_last:
        found.append(("scores with channels last", "their height would be taken for the classes"))
    if cut.layout.background is not None:
        found.append(("one class without its background", "it would win everywhere"))
    found += [(words, "what follows the scores costs time and hides them") for words in cut.words]
    # Simplifying has done some mends already, so the file as it came says which traps it held.
    for mend in MENDS:
        if mend.apply(copy.deepcopy(original)) | mend.apply(model):
            found.append((mend.name, mend.harm))
    model = simplified(inferred(model, file))
    facts = stated.input.model_copy(update={"name": model.graph.input[0].name})
    error, golden = _proof(file, original, model, cut, input_size, facts, channels_last=channels_last)
    classes = fitting_names(stated.classes, len(golden), file)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        save_graph(model, target, {"repaired": ", ".join(name for name, _ in found)})
        golden_file = target.with_suffix(".golden.npz")
        write_golden(golden_file, {input_size: golden})
        words = (stated.align_corners, cut.align_corners, stated.usually_aligned)
        aligned = next(word for word in words if word is not None)
        card = Card(
            name=card_name(target),
            file=target.name,
            sha256=file_hash(target),
            architecture="unknown",
            precision="float16" if computes_in_half(model) else "float32",
            classes=classes,
            input=facts,
            output=OutputFacts(align_corners=aligned),
            stride=max(1, round(input_size.height / golden.shape[1])),
            shapes=(input_size.hw,),
            origin=Origin(weights=f"file {file.name}, sha256 {file_hash(file)[:16]}", command=command),
            golden=GoldenFacts(
                file=golden_file.name,
                seed=GOLDEN_SEED,
                tolerance={"float32": FLOAT32_TOLERANCE, "float16": HALF_TOLERANCE},
            ),
        )
        write_card(card, target)
    except OSError as refusal:
        raise cannot_write(target, refusal) from refusal
    return Repaired(card, tuple(found), error)


def _gives_other_floats(model: onnx.ModelProto) -> bool:
    name = main_output(model.graph)
    kinds = {value.type.tensor_type.elem_type for value in model.graph.output if value.name == name}
    return bool(kinds & {onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE})


def _in_two_files(file: Path) -> bool:
    alone = onnx.load(str(file), load_external_data=False)
    return any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in alone.graph.initializer)


def _fix_size(model: onnx.ModelProto, file: Path, size: Size | None) -> Size:
    check_picture(model, file)
    sides = model.graph.input[0].type.tensor_type.shape.dim
    sides[0].dim_value = 1
    if not sides[2].dim_value or not sides[3].dim_value:
        if size is None:
            raise UsageError("the network leaves its input size open", file, "say it: --size 512x512")
        sides[3].dim_value, sides[2].dim_value = size
        del model.graph.value_info[:]
        for output in model.graph.output:
            output.type.tensor_type.ClearField("shape")
    fixed = Size(sides[3].dim_value, sides[2].dim_value)
    if size not in (None, fixed):
        raise UsageError(f"the network's input is fixed to {fixed}", file, "leave out --size")
    return fixed


def inferred(model: onnx.ModelProto, file: Path) -> onnx.ModelProto:
    """The model with the shapes its graph gives now in place of those it was written with. Raises NetworkError."""
    del model.graph.value_info[:]
    try:
        return onnx.shape_inference.infer_shapes(model, strict_mode=True)
    except onnx.shape_inference.InferenceError as error:
        raise NetworkError("the output is no scores", file, "name a segmentation network") from error


def _proof(
    file: Path,
    original: onnx.ModelProto,
    model: onnx.ModelProto,
    cut: ScoresCut,
    input_size: Size,
    facts: InputFacts,
    *,
    channels_last: bool,
) -> tuple[float, Scores]:
    """Run both files on random pictures; the greatest error, and the original's scores for the golden input."""
    watched = copy.deepcopy(original)
    entry = watched.graph.input[0]
    kind = onnx.helper.tensor_dtype_to_np_dtype(entry.type.tensor_type.elem_type)
    batch = max(1, entry.type.tensor_type.shape.dim[0].dim_value)
    if cut.scores not in {value.name for value in watched.graph.output}:
        watched.graph.output.append(onnx.helper.make_empty_tensor_value_info(cut.scores))
    before, after = _session(watched, file), _session(model, file)

    def expected(blob: Blob) -> Scores:
        fed = np.repeat(blob.transpose(0, 2, 3, 1) if channels_last else blob, batch, axis=0)
        scores = cut.layout.scores(before.run([cut.scores], {entry.name: np.ascontiguousarray(fed, kind)})[0])
        if scores.ndim != 4:
            raise NetworkError("the output is not (1, classes, height, width)", file, "name a segmentation network")
        first: Scores = scores[0]
        return first

    errors = []
    for seed in PROOF_SEEDS:
        blob = golden_blob(seed, input_size, facts).astype(kind).astype(np.float32)
        errors.append(greatest_error(after.run([OUTPUT], {facts.name: blob})[0][0], expected(blob)))
    if not max(errors) < (SAME_IN_HALF if computes_in_half(model) else SAME):
        raise NetworkError(f"the scores would change by {max(errors):.1e}", file, "nothing was written")
    return max(errors), expected(golden_blob(GOLDEN_SEED, input_size, facts))


def _session(model: onnx.ModelProto, file: Path) -> onnxruntime.InferenceSession:
    try:
        return reference_session(model)
    except NoKernel as error:
        what = "ONNX Runtime does not compute in the network's numbers, such as float64"
        missing = str(error).rpartition(" : ")[2]
        raise NetworkError(what, file, "export it again in float32", cause=missing) from error

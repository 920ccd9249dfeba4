"""Float network -> int8 network with the user's own frames; kept only if it is faster here and nearly as right."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path

from deeplab_cv.engines.trial import check_it_runs
from deeplab_cv.errors import DataError
from deeplab_cv.frames.frame import Labels
from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash, private_folder, whole_file
from deeplab_cv.machine.program import program
from deeplab_cv.networks.card import Card, Variant, write_card
from deeplab_cv.networks.golden import greatest_error, read_golden, rounded_up
from deeplab_cv.networks.network import Network, fixed_file, graph_at, graph_for
from deeplab_cv.tools.engine_times import EngineTimes, times_on_engines
from deeplab_cv.tools.quantising.judge import Judge, JudgedInt8
from deeplab_cv.tools.quantising.quantiser import Calibration, quantised_file, sensitive_layers, write_float32
from deeplab_cv.tools.reference import reference_session

LAYERS_LEFT_FLOAT = (0, 4, 12)
"""How many of the most sensitive layers stay float, tried in this order until the labels are right enough."""

TOLERANCE_MARGIN = 2.0
"""How many times ONNX Runtime's golden error another engine may have: each fuses and rounds elsewhere."""

COARSEST = 0.3
"""A tolerance beyond this share of the greatest score would prove nothing."""

WORTH = 1.05
"""An engine that gains less is not given a second file."""

VIDEO_SIZE = Size(1280, 720)
FLOAT, INT8 = "float", "int8"


@dataclass(frozen=True)
class Quantised:
    """What was tried, and what came of it.

    Attributes:
        judged: each int8 form that was tried; only the last may have passed.
        times: of float and int8 in turn on each engine; empty where none was right enough.
        variant: what was written and put on the card; None where nothing was worth keeping.
    """

    judged: tuple[JudgedInt8, ...]
    _: KW_ONLY
    times: tuple[EngineTimes, ...] = ()
    variant: Variant | None = None


def quantise(
    network: Network,
    pictures: Sequence[tuple[str, Image]],
    masks: Mapping[str, Labels],
    max_miou_drop: float,
    *,
    reduce_range: bool,
) -> Quantised:
    """Quantise a network, judge it, time it, and put it on the card if it is worth it.

    Args:
        network: a float network with a card and golden scores.
        pictures: name and frame (H, W, 3), BGR; every second one calibrates, the others judge.
        masks: true labels by picture name, 255 for unknown; may be empty.
        max_miou_drop: see `JudgedInt8.drop`.
        reduce_range: see `Calibration`; for processors without VNNI.

    Raises:
        DataError: fewer than two pictures, or masks that fit none of them.
    """
    judges = pictures[1::2]
    if not judges:
        raise DataError("too few pictures to calibrate and to judge with", len(pictures), "give 50 or more")
    if masks and not any(name in masks for name, _ in judges):
        raise DataError("no mask has the name of a picture", judges[0][0], "name masks as pictures, ending in .png")
    check_it_runs([graph_at(network, each) for each in network.card.input_sizes])
    with private_folder() as folder:
        float_file = write_float32(network.file, folder / "float.onnx")
        calibration = Calibration(network.card, [picture for _, picture in pictures[::2]], reduce_range)
        judge = Judge(network.card, float_file, judges, masks)
        judged: list[JudgedInt8] = []
        ranking: list[str] = []
        for left_float in LAYERS_LEFT_FLOAT:
            if left_float and not ranking:
                ranking = sensitive_layers(float_file, folder / "0.onnx", calibration)
            file = quantised_file(float_file, folder / f"{left_float}.onnx", calibration, ranking[:left_float])
            judged.append(judge.judged(file, left_float))
            if judged[-1].drop <= max_miou_drop:
                return _kept_where_faster(network, file, judged, full_range=not reduce_range)
    return Quantised(tuple(judged))


def _kept_where_faster(network: Network, file: Path, judged: Sequence[JudgedInt8], *, full_range: bool) -> Quantised:
    variant = Variant(
        file=network.file.with_suffix(".int8.onnx").name,
        sha256=file_hash(file),
        precision="int8",
        tolerance=min(COARSEST, rounded_up(TOLERANCE_MARGIN * _golden_error(network, file))),
        full_range=full_range,
        remark=_remark(judged[-1]),
    )
    card = with_variant(network.card, variant)
    plain = replace(graph_for(network, VIDEO_SIZE), card=card)
    fixed = fixed_file(file, variant.sha256, plain.input_size, named=network.named) if network.symbolic else file
    times = times_on_engines({FLOAT: plain, INT8: replace(plain, file=fixed, sha256=variant.sha256, precision="int8")})
    engines = gaining_engines(times)
    if not engines:
        return Quantised(tuple(judged), times=tuple(times))
    variant = variant.model_copy(update={"engines": engines})
    with whole_file(network.file.with_name(variant.file)) as temporary:
        temporary.write_bytes(file.read_bytes())
    write_card(with_variant(network.card, variant), network.file)
    return Quantised(tuple(judged), times=tuple(times), variant=variant)


def gaining_engines(times: Sequence[EngineTimes]) -> tuple[str, ...]:
    """The engines that are right with int8 and faster with it than without."""
    faster = [each.backend for each in times if len(each.ms) == 2 and each.ms[FLOAT] >= WORTH * each.ms[INT8]]
    return tuple(dict.fromkeys(backend.partition(":")[0] for backend in faster))


def _golden_error(network: Network, file: Path) -> float:
    """ONNX Runtime's greatest error over the card's golden samples."""
    session = reference_session(file)
    errors = []
    for input_size in network.card.input_sizes:
        golden = read_golden(network.card, network.file.parent, input_size)
        if golden is not None:
            scores = session.run([network.card.output.name], {network.card.input.name: golden.blob})[0][0]
            errors.append(greatest_error(scores, golden.scores))
    if not errors:
        raise DataError(
            "the card has no golden scores", network.named, f"write one with `{program()} export` or `repair`"
        )
    return max(errors)


def with_variant(card: Card, variant: Variant) -> Card:
    """The card with a variant in place of an earlier one of the same file name."""
    others = tuple(each for each in card.variants if each.file != variant.file)
    return card.model_copy(update={"variants": (*others, variant)})


def _remark(judged: JudgedInt8) -> str:
    words = f"{judged.left_float} layers left float; mIoU with the float network's labels {judged.miou_to_float:.3f}"
    if judged.truth:
        words += f", with the truth {judged.truth[1]:.3f} (float {judged.truth[0]:.3f})"
    return words

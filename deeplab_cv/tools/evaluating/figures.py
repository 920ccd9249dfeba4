"""What `app.py evaluate` prints, writes as JSON and puts on the card."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deeplab_cv.networks.card import Accuracy, Card, Flicker, SequenceAccuracy
from deeplab_cv.tools.evaluate import Evaluation, VideoEvaluation
from deeplab_cv.tools.evaluating.accuracy import accuracy
from deeplab_cv.tools.evaluating.boundary import TOLERANCE
from deeplab_cv.tools.evaluating.sequences import SequenceEvaluation


def print_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Figures of the whole, a row for each class that was met, a row for each aspect."""
    card, figures, boundary_f = evaluation.network.card, evaluation.accuracy, evaluation.boundary_f
    console.print(f"{escape(card.name)} on {', '.join(evaluation.engines)}, {_pictures(evaluation)}")
    console.print(
        f"mIoU {figures.miou:.3f}, pixel accuracy {figures.pixel_accuracy:.3f}, "
        f"boundary F {'-' if boundary_f is None else f'{boundary_f:.3f}'} (within {TOLERANCE:.2%} of the diagonal), "
        f"engine {evaluation.inference_ms:.1f} ms, picture to labels {evaluation.picture_ms:.1f} ms"
    )
    table = Table("class", "IoU", "boundary F", "share of pixels", "where it is wrong, it is taken for")
    counts = evaluation.confusion
    for label, name in enumerate(card.classes):
        if math.isnan(figures.iou[label]):
            continue
        share = counts[label].sum() / counts.sum()
        boundary = evaluation.boundary[label]
        table.add_row(
            escape(name), _shown(figures.iou[label]), _shown(boundary), f"{share:.1%}", _taken_for(counts, label, card)
        )
    console.print(table)
    if len(evaluation.groups) > 1:
        console.print(_by_aspect(evaluation))


def print_video(console: Console, evaluation: VideoEvaluation) -> None:
    """Flips with and without smoothing."""
    console.print(
        f"{escape(evaluation.network.card.name)} on {evaluation.engine}, {escape(evaluation.name)}, "
        f"{evaluation.frames} frames, {evaluation.plain.followed:.0%} of the pixels followed"
    )
    table = Table("labels", "flips", "flips among pixels of objects")
    table.add_row("plain", f"{evaluation.plain.flips:.2%}", f"{evaluation.plain.object_flips:.2%}")
    name = f"smoothed, weight {evaluation.weight:g}"
    table.add_row(name, f"{evaluation.smoothed.flips:.2%}", f"{evaluation.smoothed.object_flips:.2%}")
    console.print(table)


def print_sequences(console: Console, evaluations: Sequence[SequenceEvaluation]) -> None:
    """A row for each sequence and way of smoothing."""
    card = evaluations[0].network.card
    engines = ", ".join(dict.fromkeys(each.engine for each in evaluations))
    console.print(f"{escape(card.name)} on {engines}, each object against the rest, {_inferred(evaluations[0])}")
    table = Table("sequence", "frames", "smooth", "IoU", "boundary F", "error churn", "along the motion")
    for each in evaluations:
        for way in each.ways:
            iou = ", ".join(f"{escape(card.classes[label])} {value:.3f}" for label, value in way.iou.items())
            table.add_row(
                escape(each.name),
                str(each.frames),
                f"{way.smooth:g}",
                iou,
                f"{way.boundary_f:.3f}",
                f"{way.error_churn:.3f}",
                f"{way.followed_churn:.3f}",
            )
    console.print(table)


def as_json(
    pictures: Evaluation | None, video: VideoEvaluation | None, sequences: Sequence[SequenceEvaluation] = ()
) -> bytes:
    """All figures; what is not a number becomes null."""
    content: dict[str, Any] = {}
    if pictures is not None:
        content["pictures"] = _picture_figures(pictures)
    if video is not None:
        content["video"] = {
            "network": video.network.card.name,
            "sha256": video.network.card.sha256,
            "engine": video.engine,
            "video": video.name,
            "frames": video.frames,
            "plain": _numbers(asdict(video.plain)),
            "smoothed": _numbers(asdict(video.smoothed)),
            "smooth": video.weight,
        }
    if sequences:
        content["sequences"] = [_sequence_figures(each) for each in sequences]
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def with_accuracy(card: Card, evaluation: Evaluation, data: str) -> Card:
    """The card with these figures, in place of earlier ones of the same data, input size and engines."""
    figures, boundary_f = evaluation.accuracy, evaluation.boundary_f
    entry = Accuracy(
        data=data,
        how=f"{_pictures(evaluation)}, {', '.join(evaluation.engines)}",
        miou=round(figures.miou, 4),
        pixel_accuracy=round(figures.pixel_accuracy, 4),
        boundary_f=None if boundary_f is None else round(boundary_f, 4),
        iou={
            name: round(value, 4)
            for name, value in zip(card.classes, figures.iou, strict=True)
            if not math.isnan(value)
        },
    )
    others = tuple(each for each in card.accuracy if (each.data, each.how) != (entry.data, entry.how))
    return card.model_copy(update={"accuracy": (*others, entry)})


def with_flicker(card: Card, evaluation: VideoEvaluation) -> Card:
    """The card with a video's figures, in place of earlier ones of that video."""
    entry = Flicker(
        video=evaluation.name,
        flips=round(evaluation.plain.flips, 5),
        flips_smoothed=round(evaluation.smoothed.flips, 5),
        smooth=evaluation.weight,
    )
    others = tuple(each for each in card.flicker if each.video != entry.video)
    return card.model_copy(update={"flicker": (*others, entry)})


def with_sequences(card: Card, evaluations: Sequence[SequenceEvaluation], data: str) -> Card:
    """The card with these figures, in place of earlier ones of the same sequences, engine and smoothing."""
    entries = [
        SequenceAccuracy(
            data=f"{data}, {each.name}",
            how=f"{each.frames} frames, {_inferred(each)}, {each.engine}",
            smooth=way.smooth,
            iou={card.classes[label]: round(value, 4) for label, value in way.iou.items()},
            boundary_f=None if math.isnan(way.boundary_f) else round(way.boundary_f, 4),
            error_churn=round(way.error_churn, 4),
            followed_churn=round(way.followed_churn, 4),
        )
        for each in evaluations
        for way in each.ways
    ]
    new = {(entry.data, entry.how, entry.smooth) for entry in entries}
    others = tuple(entry for entry in card.sequences if (entry.data, entry.how, entry.smooth) not in new)
    return card.model_copy(update={"sequences": (*others, *entries)})


def _by_aspect(evaluation: Evaluation) -> Table:
    table = Table("pictures nearest to", "number", "mIoU", "pixel accuracy", "median ms")
    for size, group in evaluation.groups.items():
        figures = accuracy(group.confusion)
        table.add_row(
            str(size),
            str(len(group.ms)),
            f"{figures.miou:.3f}",
            f"{figures.pixel_accuracy:.3f}",
            f"{float(np.median(group.ms)):.1f}",
        )
    return table


def _picture_figures(evaluation: Evaluation) -> dict[str, Any]:
    card, figures = evaluation.network.card, evaluation.accuracy
    named = dict(zip(card.classes, figures.iou, strict=True))
    return {
        "network": card.name,
        "sha256": card.sha256,
        "engines": list(evaluation.engines),
        "shape": list(evaluation.input_size.hw) if evaluation.input_size else None,
        "pictures": len(evaluation.picture_miou),
        "only": [card.classes[label] for label in evaluation.only],
        "miou": figures.miou,
        "pixel_accuracy": figures.pixel_accuracy,
        "boundary_f": evaluation.boundary_f,
        "boundary_tolerance": TOLERANCE,
        "inference_ms": evaluation.inference_ms,
        "picture_ms": evaluation.picture_ms,
        "iou": _numbers(named),
        "boundary": _numbers(dict(zip(card.classes, evaluation.boundary, strict=True))),
        "groups": {
            str(size): {
                "pictures": len(group.ms),
                "miou": accuracy(group.confusion).miou,
                "pixel_accuracy": accuracy(group.confusion).pixel_accuracy,
                "picture_ms": float(np.median(group.ms)),
            }
            for size, group in evaluation.groups.items()
        },
        "classes": list(card.classes),
        "confusion": evaluation.confusion.tolist(),
        "picture_miou": _numbers(dict(evaluation.picture_miou)),
    }


def _sequence_figures(evaluation: SequenceEvaluation) -> dict[str, Any]:
    classes = evaluation.network.card.classes
    return {
        "network": evaluation.network.card.name,
        "sha256": evaluation.network.card.sha256,
        "sequence": evaluation.name,
        "engine": evaluation.engine,
        "frames": evaluation.frames,
        "carry": evaluation.carry,
        "ways": [
            {
                "smooth": way.smooth,
                "iou": {classes[label]: value for label, value in way.iou.items()},
                **_numbers(
                    {
                        "boundary_f": way.boundary_f,
                        "error_churn": way.error_churn,
                        "followed_churn": way.followed_churn,
                    }
                ),
            }
            for way in evaluation.ways
        ],
    }


def _inferred(evaluation: SequenceEvaluation) -> str:
    return "every frame inferred" if evaluation.carry == 1 else f"one frame in {evaluation.carry} inferred"


def _pictures(evaluation: Evaluation) -> str:
    count = f"{len(evaluation.picture_miou)} pictures"
    if evaluation.only:
        classes = evaluation.network.card.classes
        count += f", {' and '.join(classes[label] for label in evaluation.only)} against the rest"
    if evaluation.input_size is None:
        return f"{count}, each at the shape nearest to its aspect"
    return f"{count}, each at {evaluation.input_size}"


def _taken_for(counts: np.ndarray, label: int, card: Card) -> str:
    """The two classes its pixels are most often given, with their shares of its pixels."""
    row = counts[label] / max(1, counts[label].sum())
    others = sorted(
        (other for other in range(len(row)) if other != label and row[other] >= 0.005), key=lambda k: -row[k]
    )
    return ", ".join(f"{escape(card.classes[other])} {row[other]:.0%}" for other in others[:2])


def _shown(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _numbers(values: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}

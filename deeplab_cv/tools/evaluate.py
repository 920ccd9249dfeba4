"""Measures a network through the program's own tensor, engine and labels: on pictures with masks, or on a video."""

import logging
import statistics
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from deeplab_cv.errors import DataError
from deeplab_cv.frames.frame import Labels, picture_frame
from deeplab_cv.frames.pixels import resize, to_bgr
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.network import Network, at_size, nearest_size
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.smoothing import ScoreSmoother
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sources.source import Source
from deeplab_cv.tools.data.records import Record, read_pair
from deeplab_cv.tools.evaluating.accuracy import Confusion, LabelAccuracy, accuracy, confusion_matrix
from deeplab_cv.tools.evaluating.boundary import boundary_scores
from deeplab_cv.tools.evaluating.counted import against_rest, counted
from deeplab_cv.tools.evaluating.stability import FlickerMeter, Stability, compared_size

_log = logging.getLogger(__name__)

PLAIN, SMOOTHED = "plain", "smoothed"


@dataclass(frozen=True)
class JudgedPicture:
    """A picture and what became of it.

    Attributes:
        labels: uint8 (H, W).
        confusion: int64 (classes, classes).
        miou: mean IoU over the classes that mask or labels have; NaN where nothing is known.
    """

    record: Record
    labels: Labels
    confusion: Confusion
    miou: float


@dataclass
class Group:
    """The pictures of about one aspect.

    Attributes:
        ms: milliseconds of each, from picture to labels.
    """

    confusion: Confusion
    ms: list[float] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was measured on pictures.

    Attributes:
        network: what was measured.
        engines: the engines that ran, by their own word.
        input_size: the one that was asked for; None where each picture had the one nearest to its aspect.
        only: the classes that were counted against all the rest; empty where each class counts.
        groups: by the proven input size nearest to the pictures' aspect, also where another one was asked for.
        boundary: F-score of each class's boundary; NaN for a class no mask has.
        picture_miou: name of each picture and its own mean IoU.
        worst: the pictures with the lowest, the worst first.
        inference_ms: median milliseconds of the engine alone.
        picture_ms: median milliseconds from picture to labels at the picture's size.
    """

    network: Network
    engines: tuple[str, ...]
    input_size: Size | None
    only: tuple[int, ...]
    groups: dict[Size, Group]
    boundary: tuple[float, ...]
    picture_miou: tuple[tuple[str, float], ...]
    worst: tuple[JudgedPicture, ...]
    inference_ms: float
    picture_ms: float

    @property
    def confusion(self) -> Confusion:
        """The counts of all pictures."""
        counts: Confusion = np.sum([group.confusion for group in self.groups.values()], axis=0)
        return counts

    @property
    def accuracy(self) -> LabelAccuracy:
        """The figures of all pictures."""
        return accuracy(self.confusion)

    @property
    def boundary_f(self) -> float | None:
        """The mean over the classes that have a boundary in the masks; None where none has."""
        values = np.asarray(self.boundary)
        return None if np.isnan(values).all() else float(np.nanmean(values))


@dataclass(frozen=True, kw_only=True)
class VideoEvaluation:
    """What was measured on a video.

    Attributes:
        engine: the engine that ran, by its own word.
        weight: the smoothing's weight of earlier scores.
        plain: stability of each frame's own labels; smoothed: of those of smoothed scores.
    """

    network: Network
    name: str
    engine: str
    frames: int
    weight: float
    plain: Stability
    smoothed: Stability


def evaluate(
    network: Network,
    make_engines: Callable[[Network], NetworkEngines],
    records: Sequence[Record],
    input_size: Size | None,
    worst_count: int,
    progress: Callable[[], None],
    *,
    only: Collection[int] = (),
) -> Evaluation:
    """Measure a network on pictures with masks.

    Args:
        network: the masks hold its labels.
        make_engines: puts it on engines.
        records: the pictures.
        input_size: of the network for every picture; None for the nearest to each one's aspect.
        worst_count: how many of the worst pictures to keep.
        progress: called after every picture.
        only: the classes to count against all the rest, for masks that cut out nothing else; each class without them.

    Raises:
        UsageError: the network has not been proven at that size.
        DataError: a picture or mask is wrong, or no mask knows any pixel.
        EngineError: the engine fails.
    """
    classes = len(network.card.classes)
    table = against_rest(only) if only else None
    groups: dict[Size, Group] = {}
    boundaries: list[npt.NDArray[np.float64]] = []
    picture_miou: list[tuple[str, float]] = []
    worst: list[JudgedPicture] = []
    engines: dict[str, None] = {}
    inference_ms: list[float] = []
    with make_engines(network if input_size is None else at_size(network, input_size)) as on_engines:
        stream = Stream(on_engines)
        for index, record in enumerate(records):
            picture, mask = read_pair(record, classes)
            frame = picture_frame(to_bgr(picture), index=index, name=record.name)
            engines[on_engines.load(frame.size).name] = None
            start = time.perf_counter()
            scored = stream.score(frame)
            labels = labels_at(scored.scores, frame.size, align_corners=scored.align_corners, area=scored.area)
            picture_ms = (time.perf_counter() - start) * 1000
            inference_ms.append(scored.inference_ms)

            mask, labels = counted(mask, table), counted(labels, table)
            confusion = confusion_matrix(mask, labels, classes)
            group = groups.setdefault(
                nearest_size(network.card.input_sizes, frame.size), Group(np.zeros((classes, classes), np.int64))
            )
            group.confusion += confusion
            group.ms.append(picture_ms)
            boundaries.append(boundary_scores(mask, labels, classes))
            judged = JudgedPicture(record, labels, confusion, accuracy(confusion).miou)
            picture_miou.append((record.name, judged.miou))
            if confusion.any():
                worst = sorted([*worst, judged], key=lambda each: each.miou)[:worst_count]
            progress()
    if not any(group.confusion.any() for group in groups.values()):
        raise DataError("no mask knows any pixel", records[0].mask, "255 means unknown; draw at least one object")
    if not any(group.confusion[1:].any() for group in groups.values()):
        _log.warning("no mask shows any class: %s and the others are 0, or 255, which means unknown", records[0].mask)
    return Evaluation(
        network=network,
        engines=tuple(engines),
        input_size=input_size,
        only=tuple(only),
        groups=dict(sorted(groups.items(), key=lambda item: -len(item[1].ms))),
        boundary=tuple(_mean_of_known(np.stack(boundaries)).tolist()),
        picture_miou=tuple(picture_miou),
        worst=tuple(worst),
        inference_ms=statistics.median(inference_ms),
        picture_ms=statistics.median(ms for group in groups.values() for ms in group.ms),
    )


def evaluate_video(
    network: Network, engines: NetworkEngines, source: Source, weight: float, progress: Callable[[], None]
) -> VideoEvaluation:
    """Measure how calm the labels of a video are, with and without smoothing.

    Args:
        network: what is measured.
        engines: those it runs on.
        source: the video.
        weight: the smoothing's weight of earlier scores.
        progress: called after every frame.

    Raises:
        DataError: there are fewer than two frames.
        SourceError, EngineError: the video cannot be read, the engine fails.
    """
    meter = FlickerMeter((PLAIN, SMOOTHED))
    smoother = ScoreSmoother()
    frames, engine = 0, ""
    with engines:
        stream = Stream(engines)
        while (frame := source.read()) is not None:
            engine = engines.load(frame.size).name
            scored = stream.score(frame)
            size = compared_size(frame.size)
            sets = {PLAIN: scored.scores, SMOOTHED: smoother.smooth(scored, weight)}
            meter.add(
                resize(frame.image, size, cv2.INTER_AREA),
                {
                    name: labels_at(each, size, align_corners=scored.align_corners, area=scored.area)
                    for name, each in sets.items()
                },
            )
            frames += 1
            progress()
    if frames < 2:
        raise DataError("a video needs two frames to be compared", source.info.name, "give a longer one")
    return VideoEvaluation(
        network=network,
        name=source.info.name,
        engine=engine,
        frames=frames,
        weight=weight,
        plain=meter.stability(PLAIN),
        smoothed=meter.stability(SMOOTHED),
    )


def _mean_of_known(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean of each column over its numbers; NaN where it has none."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        mean: npt.NDArray[np.float64] = np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)
    return mean

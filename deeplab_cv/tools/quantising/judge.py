"""How right an int8 network is: against the float network's labels, and against the truth where there is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deeplab_cv.frames.frame import Labels
from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import Card
from deeplab_cv.networks.network import nearest_size
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.preprocess import filled_area
from deeplab_cv.tools.evaluating.accuracy import accuracy, confusion_matrix
from deeplab_cv.tools.quantising.quantiser import input_of
from deeplab_cv.tools.reference import reference_session

LEAST_SHARE = 0.005
"""A class that fills less of all judged pixels is left out of the mean against float labels: a handful of pixels at
its borders would decide it."""


@dataclass(frozen=True)
class JudgedInt8:
    """How right an int8 network is on frames it was not calibrated with.

    Attributes:
        left_float: number of layers that stayed float.
        miou_to_float: mean IoU between its labels and the float network's.
        equal_labels: share of pixels with the float network's label.
        truth: mean IoU with the masks, of float and of int8; None without masks.
    """

    left_float: int
    miou_to_float: float
    equal_labels: float
    truth: tuple[float, float] | None

    @property
    def drop(self) -> float:
        """What is lost: with masks mean IoU against the truth, else mean IoU with the float network's labels."""
        return self.truth[0] - self.truth[1] if self.truth else 1 - self.miou_to_float


class Judge:
    """The float network's answers for some pictures, to lay others beside."""

    def __init__(
        self, card: Card, float_file: Path, pictures: Sequence[tuple[str, Image]], masks: Mapping[str, Labels]
    ) -> None:
        self.card, self.pictures, self.masks = card, pictures, masks
        self.expected = self._labels(float_file)

    def judged(self, file: Path, left_float: int) -> JudgedInt8:
        """How right another file of the same network is."""
        found = self._labels(file)
        classes = len(self.card.classes)
        to_float = sum(
            (confusion_matrix(wanted, got, classes) for wanted, got in zip(self.expected, found, strict=True)),
            np.zeros((classes, classes), np.int64),
        )
        figures = accuracy(to_float)
        large = to_float.sum(axis=1) >= LEAST_SHARE * to_float.sum()
        truth = (self._miou(self.expected), self._miou(found)) if self.masks else None
        return JudgedInt8(left_float, float(np.array(figures.iou)[large].mean()), figures.pixel_accuracy, truth)

    def _labels(self, file: Path) -> list[Labels]:
        session = reference_session(file)
        return [
            self._labels_of(session.run([self.card.output.name], self._feed(picture))[0][0], picture)
            for _, picture in self.pictures
        ]

    def _feed(self, picture: Image) -> dict[str, NDArray[np.float32]]:
        return {self.card.input.name: input_of(self.card, picture)}

    def _labels_of(self, scores: NDArray[np.float32], picture: Image) -> Labels:
        size = Size.of(picture)
        area = filled_area(size, nearest_size(self.card.input_sizes, size), self.card.input)
        return labels_at(scores, size, align_corners=self.card.output.align_corners, area=area)

    def _miou(self, labels: Sequence[Labels]) -> float:
        classes = len(self.card.classes)
        confusion = np.zeros((classes, classes), np.int64)
        for (name, _), got in zip(self.pictures, labels, strict=True):
            if name in self.masks:
                confusion += confusion_matrix(self.masks[name], got, classes)
        # A class that no mask has is in no mean: a stray pixel of it, in one of the two files, would decide.
        return float(np.array(accuracy(confusion).iou)[confusion.sum(axis=1) > 0].mean())

"""Scores of successive frames averaged where the picture stands still, so that labels do not flicker.

How much of the earlier scores is kept falls from cell to cell as the picture changes there and as old and new scores
disagree, so that what moves leaves no trail and what appears is there at once (obs-backgroundremoval 498, 605).
"""

from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.frames.frame import WHOLE_INPUT, Area, Frame, Scores
from deeplab_cv.frames.pixels import Image
from deeplab_cv.segmentation.motion import CUT, Changes, changes_between, points_of

_POINTS_PER_CELL = 4
_NOISE = 3.0
"""Change that a camera's noise alone makes; below it a cell stands still."""
_MOTION = 12.0
"""Change from which a cell keeps nothing of earlier frames."""
_LONGEST_GAP_S = Fraction(1, 2)


class ScoreSmoother:
    """An exponential average of scores over the frames of one source, shown to it in order.

    Attributes:
        weight: share of the earlier scores kept where the picture stands still, 0..0.95; 0 is off. It may be changed
            between two frames.
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self._average: Scores | None = None
        self._frame: Frame | None = None
        self._points: Image | None = None

    def reset(self) -> None:
        """Forget the earlier frames; to be called when another network's scores follow."""
        self._average = self._frame = self._points = None

    def smooth(self, scores_chw: Scores, frame: Frame, area: Area = WHOLE_INPUT) -> Scores:
        """The frame's scores averaged with those of the frames before it.

        scores_chw: float32 (classes, h, w), not written into; returns the same shape. It begins anew at a cut, after a
        gap or a step back in time, and when the size of scores or frame changes.
        """
        if self.weight == 0:
            self.reset()
            return scores_chw
        rows, columns = scores_chw.shape[1:]
        points = points_of(frame.image, area, (columns * _POINTS_PER_CELL, rows * _POINTS_PER_CELL))
        average = scores_chw.astype(np.float32)
        if (
            self._average is not None
            and self._frame is not None
            and self._points is not None
            and self._average.shape == scores_chw.shape
            and _follows(frame, self._frame)
        ):
            change = changes_between(points, self._points, _POINTS_PER_CELL)
            if change.mean() < CUT:
                average += (self._average - scores_chw) * self._kept(change, self._average, scores_chw)
        self._average, self._frame, self._points = average, frame, points
        return average

    def _kept(self, change: Changes, earlier: Scores, now: Scores) -> NDArray[np.float32]:
        """The share of the earlier scores that each cell keeps: float32 (h, w)."""
        around = cv2.dilate(change, np.ones((3, 3), np.uint8))
        stillness = np.clip((_MOTION - around) / (_MOTION - _NOISE), 0, 1)
        disagreement = np.abs(_probabilities(now) - _probabilities(earlier)).sum(axis=0) / 2
        kept: NDArray[np.float32] = (self.weight * stillness * (1 - disagreement**2)).astype(np.float32)
        return kept


def _follows(frame: Frame, before: Frame) -> bool:
    """Whether two frames are neighbours in one moving picture."""
    return (
        frame.size_wh == before.size_wh
        and frame.name == before.name
        and 0 < frame.time_s - before.time_s <= _LONGEST_GAP_S
    )


def _probabilities(scores_chw: Scores) -> Scores:
    """Scores -> softmax over the classes."""
    powers = np.exp(scores_chw - scores_chw.max(axis=0))
    probabilities: Scores = powers / powers.sum(axis=0)
    return probabilities

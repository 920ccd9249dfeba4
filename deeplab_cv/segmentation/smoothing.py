"""Scores of successive frames averaged where the picture stands still, so that labels do not flicker.

How much of the earlier scores is kept falls from cell to cell as the picture changes there and as old and new scores
disagree, so that what moves leaves no trail and what appears is there at once (obs-backgroundremoval 498, 605).
"""

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.frames.frame import Frame, Scored, Scores
from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.motion import CUT, Changes, changes_between, thumbnail_of

_PIXELS_PER_CELL = 4
_NOISE = 3.0
"""Change that a camera's noise alone makes; below it a cell stands still."""
_MOTION = 12.0
"""Change from which a cell keeps nothing of earlier frames."""
_LONGEST_GAP_S = Fraction(1, 2)


class ScoreSmoother:
    """An exponential average of scores over the frames of one source, shown to it in order."""

    def __init__(self) -> None:
        self._average: Scores | None = None
        self._last: Scored | None = None
        self._thumbnail: Image | None = None

    def smoothed(self, scored: Scored, weight: float) -> Scored:
        """The frame with its scores averaged as `smooth` does it."""
        scores = self.smooth(scored, weight)
        return scored if scores is scored.scores else replace(scored, scores=scores)

    def smooth(self, scored: Scored, weight: float) -> Scores:
        """The frame's scores averaged with those of the frames before it.

        It begins anew at a cut, after a gap or a step back in time, when the size of scores or frame changes, and when
        another network or engine takes over, whose scores are not to be averaged with the earlier ones.

        Args:
            scored: the next frame; its scores are not written into.
            weight: share of the earlier scores kept where the picture stands still, 0..0.95; 0 is off.

        Returns:
            float32 (classes, h, w).
        """
        if weight == 0:
            self._average = self._last = self._thumbnail = None
            return scored.scores
        frame, scores_chw = scored.frame, scored.scores
        rows, columns = scores_chw.shape[1:]
        thumbnail = thumbnail_of(frame.image, scored.area, Size(columns * _PIXELS_PER_CELL, rows * _PIXELS_PER_CELL))
        average = scores_chw.astype(np.float32)
        if (
            self._average is not None
            and self._last is not None
            and self._thumbnail is not None
            and self._average.shape == scores_chw.shape
            and self._last.stream == scored.stream
            and _follows(frame, self._last.frame)
        ):
            change = changes_between(thumbnail, self._thumbnail, _PIXELS_PER_CELL)
            if change.mean() < CUT:
                average += (self._average - scores_chw) * weight * _kept(change, self._average, scores_chw)
        self._average, self._last, self._thumbnail = average, scored, thumbnail
        return average


def _kept(change: Changes, earlier: Scores, now: Scores) -> NDArray[np.float32]:
    """The share of the earlier scores that each cell keeps, 0..1: float32 (h, w)."""
    around = cv2.dilate(change, np.ones((3, 3), np.uint8))
    stillness = np.clip((_MOTION - around) / (_MOTION - _NOISE), 0, 1)
    disagreement = np.abs(_probabilities(now) - _probabilities(earlier)).sum(axis=0) / 2
    kept: NDArray[np.float32] = (stillness * (1 - disagreement**2)).astype(np.float32)
    return kept


def _follows(frame: Frame, before: Frame) -> bool:
    """Whether two frames are neighbours in one moving picture."""
    return (
        frame.size == before.size
        and frame.name == before.name
        and frame.seeks == before.seeks
        and 0 < frame.time_s - before.time_s <= _LONGEST_GAP_S
    )


def _probabilities(scores_chw: Scores) -> Scores:
    """Scores -> softmax over the classes."""
    powers = np.exp(scores_chw - scores_chw.max(axis=0))
    probabilities: Scores = powers / powers.sum(axis=0)
    return probabilities

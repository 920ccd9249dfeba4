"""Scores of successive frames averaged along the motion, so that labels do not flicker.

Each cell's earlier scores are taken from where it was in the frame before. They count by how sure the network was of
them, and by how far the cell's path is believed, so that what appears, is uncovered or moves in a way that flow does
not follow has nothing earlier, and an edge is not late (obs-backgroundremoval 498, 605).
"""

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.frames.frame import Frame, Scored, Scores
from deeplab_cv.frames.pixels import Plane
from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.following import Follower, followed_size, moved_scores
from deeplab_cv.segmentation.motion import CUT, brightness_of

_SURE = 2.0
"""A lead in scores at which a cell counts for two thirds of one that is certain."""

_LEAST_SURE = 0.1
"""What a cell counts for where two classes are level."""

_LONGEST_GAP_S = Fraction(1, 2)

_Shares = NDArray[np.float32]
"""A number for each cell: float32 (h, w)."""


class ScoreSmoother:
    """A weighted average of scores over the frames of one source, shown to it in order."""

    def __init__(self) -> None:
        self._follower = Follower()
        self._average: Scores | None = None
        self._counted: _Shares | None = None
        self._last: Scored | None = None
        self._brightness: Plane | None = None

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
            weight: share of the earlier scores, 0..0.95, where the network is sure and the motion is believed; 0 is
                off.

        Returns:
            float32 (classes, h, w).
        """
        if weight == 0:
            self._average = self._counted = self._last = self._brightness = None
            return scored.scores
        average = scored.scores.astype(np.float32)
        cells = Size.of(average[0])
        brightness = brightness_of(scored.frame.pixels, scored.area, followed_size(cells))
        counted = _sureness(average)
        if (
            self._average is not None
            and self._counted is not None
            and self._last is not None
            and self._brightness is not None
            and self._average.shape == average.shape
            and self._last.stream == scored.stream
            and _follows(scored.frame, self._last.frame)
            and float(cv2.absdiff(brightness, self._brightness).mean()) < CUT
        ):
            path = self._follower.path(brightness, self._brightness, cells)
            before = moved_scores(self._average, path.origin, cv2.INTER_CUBIC)
            [counted_before] = moved_scores(self._counted[np.newaxis], path.origin)
            # Where all is sure and believed, this is the most that keeps the share of the earlier scores at `weight`.
            counted_before = np.minimum(counted_before * path.trust, weight / (1 - weight))
            share = counted_before / (counted_before + counted)
            average += (before - average) * share
            counted += counted_before
        self._average, self._counted, self._last, self._brightness = average, counted, scored, brightness
        return average


def _sureness(scores: Scores) -> _Shares:
    """What each cell counts for, 0.1..1: the more, the further its best class leads."""
    best, second = scores[0], np.full_like(scores[0], -np.inf)
    for plane in scores[1:]:
        second = np.maximum(second, np.minimum(best, plane))
        best = np.maximum(best, plane)
    lead = best - second
    sureness: _Shares = np.maximum(_LEAST_SURE, 1 - np.exp(-lead / _SURE)).astype(np.float32)
    return sureness


def _follows(frame: Frame, before: Frame) -> bool:
    """Whether two frames are neighbours in one moving picture."""
    return (
        frame.size == before.size
        and frame.name == before.name
        and frame.seeks == before.seeks
        and 0 < frame.time_s - before.time_s <= _LONGEST_GAP_S
    )

from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.events.clock import SourceClock
from deeplab_cv.frames.frame import Frame
from deeplab_cv.frames.pixels import Pixels


def times(frames, *, live):
    clock = SourceClock(live=live)
    pixels = Pixels(image=np.zeros((2, 2, 3), np.uint8))
    return [
        round(clock.time_of(Frame(pixels, 0, round(time_s * 1000), Fraction(1, 1000), captured_at)), 3)
        for time_s, captured_at in frames
    ]


def test_a_file_s_frames_have_its_own_times():
    assert times([(12.0, 1.0), (12.04, 1.0), (30.0, 1.1)], live=False) == [12.0, 12.04, 30.0]


def test_a_live_source_begins_at_zero_and_keeps_the_gaps_between_its_frames():
    assert times([(99.0, 1.0), (99.04, 1.2), (99.08, 1.21)], live=True) == [0.0, 0.04, 0.08]


@pytest.mark.parametrize("leaps_to", [0.0, 500.0])
def test_where_a_live_source_s_clock_leaps_time_goes_on(leaps_to):
    frames = [(99.0, 1.0), (99.5, 1.5), (leaps_to, 2.0), (leaps_to + 0.5, 2.5)]

    assert times(frames, live=True) == [0.0, 0.5, 1.0, 1.5]


def test_after_a_gap_time_is_as_long_as_it_was():
    assert times([(0.0, 1.0), (0.5, 1.5), (0.6, 61.5)], live=True) == [0.0, 0.5, 60.5]


def test_time_never_goes_backwards():
    assert times([(5.0, 1.0), (5.4, 1.4), (5.2, 1.4)], live=True) == [0.0, 0.4, 0.4]

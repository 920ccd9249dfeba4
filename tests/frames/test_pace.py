from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.frames.frame import Frame
from deeplab_cv.frames.pace import Pace
from deeplab_cv.frames.pixels import Pixels

PICTURE = Pixels(image=np.zeros((4, 4, 3), np.uint8))


def frame(time_s, seeks=0):
    return Frame(PICTURE, 0, round(time_s * 100), Fraction(1, 100), 0.0, seeks=seeks)


def test_frames_are_due_as_far_from_each_other_as_their_times_are():
    pace = Pace()

    assert pace.due_at(frame(5), 100.0) == 100.0
    assert pace.due_at(frame(5.5), 100.1) == pytest.approx(100.5)
    assert pace.due_at(frame(7), 100.5) == pytest.approx(102.0)


def test_a_little_lateness_is_made_up_for():
    pace = Pace()
    pace.due_at(frame(0), 100.0)

    assert pace.due_at(frame(1), 101.2) == pytest.approx(101.0)
    assert pace.due_at(frame(2), 101.3) == pytest.approx(102.0)


def test_much_lateness_is_not():
    pace = Pace()
    pace.due_at(frame(0), 100.0)

    assert pace.due_at(frame(1), 160.0) == pytest.approx(160.0)
    assert pace.due_at(frame(2), 160.0) == pytest.approx(161.0)


def test_after_a_pause_and_after_a_seek_time_begins_again():
    pace = Pace()
    pace.due_at(frame(0), 100.0)

    assert pace.due_at(frame(60, seeks=1), 100.5) == pytest.approx(100.5)
    pace.reset()
    assert pace.due_at(frame(61, seeks=1), 100.7) == pytest.approx(100.7)

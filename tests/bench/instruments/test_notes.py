from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.bench.instruments.notes import Notes, mark
from deeplab_cv.frames.frame import Frame, Painted
from deeplab_cv.frames.pixels import Pixels


class Counted(Pixels):
    """Pixels that count how often they are made."""

    def __init__(self):
        super().__init__(image=np.zeros((4, 6, 3), np.uint8))
        self.made = 0

    def make(self):
        self.made += 1
        super().make()


def painted(index):
    pixels = Counted()
    frame = Frame(pixels, index, pts=index, time_base=Fraction(1, 30), captured_at=0.0)
    return Painted(frame, np.zeros((4, 6), np.uint8), pixels, ("background",))


def test_every_picture_has_a_moment_after_that_of_the_beginning():
    notes = Notes(paints=False)
    for index in (0, 2, 5):
        notes.write(painted(index))

    assert [each.index for each in notes.marks] == [-1, 0, 2, 5]
    assert [each.wall_s for each in notes.marks] == sorted(each.wall_s for each in notes.marks)
    assert [each.processor_s for each in notes.marks] == sorted(each.processor_s for each in notes.marks)


@pytest.mark.parametrize("paints", [True, False])
def test_a_picture_is_painted_only_where_that_is_asked_for(paints):
    picture = painted(0)

    Notes(paints=paints).write(picture)

    assert picture.pixels.made == paints


def test_it_leaves_no_file_behind_but_tells_how_many_pictures_came():
    notes = Notes(paints=False)
    notes.write(painted(0))

    assert notes.finish().frames == 1
    assert notes.abandon() is None


def test_a_moment_before_the_first_picture_has_no_number():
    assert mark().index == -1

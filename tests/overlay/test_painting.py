from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.frames.frame import WHOLE_INPUT, Frame, Scored
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.overlay.painting import painted_frame
from deeplab_cv.overlay.view import View

GREY = np.full((4, 6, 3), 100, np.uint8)
LABELS = np.zeros((4, 6), np.uint8)
LABELS[:, 3:] = 15


@pytest.fixture
def scored():
    frame = Frame(Pixels(image=GREY.copy()), 0, 0, Fraction(1, 25), 0.0)
    return Scored(frame, np.zeros((21, 1, 1), np.float32), WHOLE_INPUT, False, VOC_CLASSES, "nobody", 0.0)


def test_a_person_is_painted_half_red_and_the_background_left_alone(scored):
    picture = painted_frame(scored, LABELS, View()).pixels.image

    assert (picture[:, :3] == 100).all()
    assert picture[0, 4].tolist() == pytest.approx([50, 50, 177], abs=1)


def test_without_the_overlay_the_frame_s_own_picture_is_handed_on(scored):
    painted = painted_frame(scored, LABELS, View(overlay=False))

    assert painted.pixels is scored.frame.pixels
    assert painted.labels is LABELS


def test_the_frame_itself_is_not_painted_over(scored):
    painted_frame(scored, LABELS, View(picture=PictureOptions(style="mask"))).pixels.make()

    assert (scored.frame.image == GREY).all()

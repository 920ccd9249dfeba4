from fractions import Fraction

import numpy as np

from deeplab_cv.frames.frame import WHOLE_INPUT, Area, Frame, Painted
from deeplab_cv.frames.pixels import BT601, Pixels, Planes
from deeplab_cv.frames.size import Size

IMAGE = np.zeros((4, 6, 3), np.uint8)


def frame_of(pixels, pts=0, time_base=Fraction(1)):
    return Frame(pixels, 0, pts, time_base, 0.0)


def not_to_be_made():
    raise AssertionError("nobody asked for this form of the picture")


def test_a_frame_shows_its_picture_and_size():
    frame = frame_of(Pixels(image=IMAGE))

    assert frame.image is IMAGE
    assert frame.size == Size(6, 4)


def test_the_size_of_a_frame_with_planes_is_known_without_its_bgr_form():
    half = np.zeros((2, 3), np.uint8)
    planes = Planes(np.zeros((4, 6), np.uint8), half, half, BT601)

    assert frame_of(Pixels(image=not_to_be_made, planes=planes)).size == Size(6, 4)


def test_the_time_of_a_frame_is_exact():
    frame = frame_of(Pixels(image=IMAGE), pts=7, time_base=Fraction(1001, 30000))

    assert frame.time_s == Fraction(7007, 30000)


def test_the_picture_of_a_painted_frame_is_the_painted_one():
    wide = np.ones((4, 12, 3), np.uint8)
    painted = Painted(frame_of(Pixels(image=IMAGE)), np.zeros((4, 6), np.uint8), Pixels(image=wide), ())

    assert painted.picture is wide
    assert painted.frame.image is IMAGE


def test_a_frame_fills_the_whole_input_unless_something_else_is_said():
    assert Area() == WHOLE_INPUT == Area(left=0.0, top=0.0, width=1.0, height=1.0)

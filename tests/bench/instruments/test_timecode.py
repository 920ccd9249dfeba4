import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplab_cv.bench.instruments.timecode import PERIOD_MS, SQUARE, find, read, stamp

TIMES = st.integers(0, PERIOD_MS - 1)


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (120, 640, 3), np.uint8)


@given(time_ms=TIMES)
@settings(deadline=None, max_examples=30)
def test_the_time_is_read_back_from_where_it_was_found(time_ms):
    image = picture()
    stamp(image, time_ms)

    place = find(image)

    assert place is not None
    assert read(image, place) == time_ms


@given(time_ms=TIMES, left=st.integers(0, 60), top=st.integers(0, 40))
@settings(deadline=None, max_examples=30)
def test_it_is_found_wherever_the_picture_lies_on_the_screen(time_ms, left, top):
    image = picture()
    stamp(image, time_ms)
    screen = np.zeros((200, 720, 4), np.uint8)
    screen[top : top + 120, left : left + 640, :3] = image

    place = find(screen)

    assert place is not None
    assert read(screen, place) == time_ms


@pytest.mark.parametrize("colour", [(0, 0, 255), (0, 255, 0), (255, 0, 0)])
def test_paint_at_half_opacity_does_not_hide_it(colour):
    image = picture()
    stamp(image, 123456)

    painted = (image // 2 + np.array(colour, np.uint8) // 2).astype(np.uint8)

    place = find(painted)
    assert place is not None
    assert read(painted, place) == 123456


@given(time_ms=TIMES, bit=st.integers(0, 23))
@settings(deadline=None, max_examples=30)
def test_a_picture_with_one_square_of_another_time_is_not_believed(time_ms, bit):
    image, other = picture(), picture()
    stamp(image, time_ms)
    stamp(other, time_ms ^ 1 << bit)
    place = find(image)
    assert place is not None

    square = slice((8 + bit) * SQUARE, (9 + bit) * SQUARE)
    image[:, square] = other[:, square]

    assert read(image, place) is None


def test_nothing_is_found_where_nothing_was_written():
    assert find(picture(3)) is None


@pytest.mark.parametrize("rows", [1, 2, 6, 11, 13, 60])
def test_what_is_not_as_high_as_a_square_is_no_time(rows):
    """Pictures have such rows: two alike were found in every fifth one of the demo clip."""
    image = picture()
    stamp(image, 123456)
    squares = image[-2 * SQUARE].copy()
    image = picture()
    image[30 : 30 + rows] = squares

    assert find(image) is None


def test_a_picture_too_narrow_is_refused():
    with pytest.raises(ValueError, match="at least 456 pixels wide"):
        stamp(np.zeros((100, 400, 3), np.uint8), 1)

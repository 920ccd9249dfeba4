import numpy as np
import pytest

from deeplab_cv.viewer.text import draw_buttons, draw_lines

SIZES = [(1, 1), (2, 300), (300, 2), (40, 60), (480, 640), (1080, 1920)]


def grey(height, width, value=200):
    return np.full((height, width, 3), value, np.uint8)


def rows_darkened(picture):
    """How many rows at the top left the box behind the text covers."""
    return int((picture[:, 0, 0] < 200).sum())


@pytest.mark.parametrize("value", [0, 128, 255])
def test_text_is_bright_on_a_dark_box_whatever_the_picture(value):
    picture = draw_lines(grey(480, 640, value), ["25 frames/s"])

    box = picture[: rows_darkened(draw_lines(grey(480, 640), ["25 frames/s"])), :60]
    assert box.max() > 200
    assert np.median(box) <= 0.4 * 255


def test_lines_are_drawn_into_the_picture_and_leave_the_rest_alone():
    picture = grey(480, 640)

    assert draw_lines(picture, ["25 frames/s", "openvino:cpu:float32"]) is picture

    assert (picture[:30, :60] != 200).any()
    np.testing.assert_array_equal(picture[100:], grey(380, 640))
    np.testing.assert_array_equal(picture[:, 400:], grey(480, 240))


def test_without_lines_the_picture_stays_as_it_is():
    np.testing.assert_array_equal(draw_lines(grey(48, 64), []), grey(48, 64))


def test_what_follows_a_tab_begins_in_one_column():
    picture = draw_lines(grey(480, 640), ["q\tsame", "space\tsame"])

    margin, row = 5, 16
    first, second = (picture[margin + place * row : margin + (place + 1) * row] for place in (0, 1))
    assert rows_darkened(picture) == 2 * margin + 2 * row
    assert (first != second).any()
    np.testing.assert_array_equal(first[:, 60:], second[:, 60:])
    assert first[:, 60:120].max() > 200 > np.median(first[:, 60:80])


def test_a_line_wider_than_the_picture_is_broken():
    one, broken = (draw_lines(grey(480, 640), [text]) for text in ("word", "word " * 40))

    assert rows_darkened(broken) > 1.5 * rows_darkened(one)
    np.testing.assert_array_equal(broken[200:], grey(280, 640))


def test_many_lines_become_smaller_until_they_fit():
    picture = draw_lines(grey(200, 640), [f"line {number}" for number in range(40)])

    assert rows_darkened(picture) <= 200
    assert (picture[195:] == 200).mean() > 0.5


@pytest.mark.parametrize("size", SIZES)
def test_text_and_buttons_fit_every_size_of_picture(size):
    lines = ["29.97 frames/s  inference 16 ms", "q\tquit", "h\thelp", "a message of the engine that was refused " * 5]

    picture = draw_buttons(draw_lines(grey(*size), lines), [("Segment", (0, 0, max(1, size[1] // 4), 1))])

    assert picture.shape == (*size, 3)


def test_a_button_is_drawn_in_its_box_and_leaves_the_rest_alone():
    picture = draw_buttons(grey(480, 640), [("Segment", (100, 400, 160, 40))])

    outside = np.ones((480, 640), bool)
    outside[400:440, 100:260] = False
    assert (picture[outside] == 200).all()
    assert (picture[400, 100:260] == 255).all()
    assert (picture[400:440, 259] == 255).all()
    assert picture[405:435, 110:250].max() > 200
    assert picture[405:435, 105].max() < 100

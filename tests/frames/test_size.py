"""Size: one order of width and height."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.errors import UsageError
from deeplab_cv.frames.pixels import resize
from deeplab_cv.frames.size import Size, stated_size

sides = st.integers(1, 100_000)


@given(sides, sides)
def test_a_size_that_is_written_and_read_is_the_same(width, height):
    assert Size.parse(str(Size(width, height))) == Size(width, height)


@pytest.mark.parametrize(
    "text", ["", "1280", "x720", "1280x", "0x720", "1280x0", "1280X720", " 1280x720", "12²x7", "1x2x3"]
)
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="not a size"):
        Size.parse(text)


def test_a_size_that_a_flag_states_wrongly_is_a_wrong_use_that_names_the_flag():
    with pytest.raises(UsageError, match="--size 12by7"):
        stated_size("12by7", "--size")


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 3)])
def test_the_size_of_a_picture_or_plane_is_its_width_and_height(shape):
    assert Size.of(np.zeros(shape, np.uint8)) == Size(width=64, height=48)


def test_an_arrays_axes_are_height_and_width():
    assert np.zeros(Size(width=64, height=48).hw).shape == (48, 64)


def test_opencv_takes_a_size_as_it_is():
    assert Size.of(resize(np.zeros((48, 64, 3), np.uint8), Size(32, 20))) == Size(32, 20)

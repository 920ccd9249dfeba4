import io
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deeplab_cv.frames.size import Size
from deeplab_cv.sources.browser_camera import BrowserCamera


def jpeg(colour_rgb=(255, 0, 0), size=(64, 48), kind="JPEG"):
    file = io.BytesIO()
    Image.new("RGB", size, colour_rgb).save(file, kind)
    return file.getvalue()


@pytest.fixture
def camera():
    camera = BrowserCamera()
    yield camera
    camera.source.close()


def test_the_newest_picture_is_the_next_frame(camera):
    camera.give(jpeg((0, 255, 0)), time.monotonic())
    camera.give(jpeg((255, 0, 0)), time.monotonic())

    frame = camera.source.read()

    assert frame.size == Size(64, 48)
    assert np.abs(frame.image.astype(int) - (0, 0, 255)).max() < 6


def test_a_frame_has_the_time_of_its_capture(camera):
    taken_at = time.monotonic() - 0.5
    camera.give(jpeg(), taken_at)

    assert camera.source.read().captured_at == taken_at


@pytest.mark.parametrize("said_s", [1e9, float("inf"), float("nan"), 0.0, -1e9])
def test_a_clock_that_is_wrong_is_not_believed(camera, said_s):
    before = time.monotonic()
    camera.give(jpeg(), said_s)

    assert before <= camera.source.read().captured_at <= time.monotonic()


def test_one_page_sends_at_a_time(camera):
    first, second = camera.begin(), camera.begin()
    camera.end()

    assert (first, second, camera.begin()) == (True, False, True)


def test_the_state_says_that_it_is_waited_for(camera):
    waiting = camera.source.state.line(0.0)
    camera.give(jpeg(), time.monotonic())
    camera.source.read()

    assert waiting == "the browser's camera is gone, waiting for it"
    assert camera.source.state.line(0.0) == ""


def test_a_picture_that_would_fill_the_memory_is_not_decoded(camera):
    small = bytearray(jpeg())
    at = small.index(b"\xff\xc0") + 5
    small[at : at + 4] = b"\xff\xff\xff\xff"

    assert not camera.give(bytes(small), 0.0)


def test_what_is_no_jpeg_is_refused(camera):
    assert not any(camera.give(data, 0.0) for data in (b"", b"\xff\xd8", jpeg(kind="PNG"), jpeg()[:30]))


@given(st.binary(max_size=200), st.floats())
def test_bytes_that_are_no_picture_are_refused(data, captured_at):
    assert not BrowserCamera().give(data, captured_at)

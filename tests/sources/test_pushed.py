import threading

import numpy as np
import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.sources.pushed import PushedPictures
from tests.sources.connections import FakeClock
from tests.waiting import HANGS_S, wait_for

NAME = "the browser's camera"


def image(shade, width=64):
    return np.full((48, width, 3), shade, np.uint8)


@pytest.fixture
def pictures():
    pushed = PushedPictures(NAME, "allow the page to use it")
    yield pushed
    pushed.source.close()


def test_before_anybody_sends_it_is_waited_for_in_one_line(caplog):
    pushed = PushedPictures(NAME, "allow the page to use it")

    assert pushed.source.state.line(0.0) == f"{NAME} is gone, waiting for it"
    assert caplog.messages == [f"{NAME} is gone, waiting for it: allow the page to use it"]


def test_the_newest_picture_is_given_and_those_that_nobody_took_are_left_out(pictures):
    for shade in (1, 2, 3):
        pictures.put(image(shade))

    assert pictures.source.read().image[0, 0, 0] == 3
    pictures.put(image(4))
    assert pictures.source.read().image[0, 0, 0] == 4
    assert pictures.source.state.phase == "playing"


def test_a_reader_that_waits_for_the_first_picture_is_woken_by_it(pictures):
    frames = []
    reader = threading.Thread(target=lambda: frames.append(pictures.source.read()), daemon=True)
    reader.start()

    pictures.put(image(5))

    reader.join(HANGS_S)
    assert frames[0].image[0, 0, 0] == 5


def test_a_sender_that_leaves_and_comes_back_is_a_reconnect(pictures):
    pictures.put(image(1))
    pictures.source.read()
    frames = []
    reader = threading.Thread(target=lambda: frames.append(pictures.source.read()), daemon=True)
    reader.start()

    pictures.leave()
    wait_for(lambda: pictures.source.state.phase == "gone")
    pictures.put(image(2, width=32))

    reader.join(HANGS_S)
    assert frames[0].size == Size(32, 48)
    assert pictures.source.state.reconnects == 1


def test_a_sender_that_falls_silent_is_gone_and_is_waited_for():
    clock = FakeClock()
    pushed = PushedPictures(NAME, "allow the page to use it", clock=clock)
    pushed.put(image(1))
    assert pushed.source.read() is not None
    wait = clock.wait

    def send_late(event, seconds):
        if clock.now() > 1020:
            pushed.put(image(2))
        return wait(event, seconds)

    clock.wait = send_late

    assert pushed.source.read().image[0, 0, 0] == 2
    assert pushed.source.state.stalls == 1


def test_closing_ends_a_read_that_waits(pictures):
    pictures.put(image(1))
    pictures.source.read()
    got = []
    reader = threading.Thread(target=lambda: got.append(pictures.source.read()), daemon=True)
    reader.start()

    pictures.source.close()

    reader.join(HANGS_S)
    assert got == [None]

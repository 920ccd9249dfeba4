import io
import threading

import numpy as np
from PIL import Image

from deeplab_cv.controls.stage import Stage, encoded_jpeg
from deeplab_cv.frames.pixels import Pixels
from tests.page.serving import pixels, run_state
from tests.waiting import Clock


def test_pictures_are_numbered_and_the_newest_stays():
    stage = Stage()
    stage.show(pixels(), 1.0)
    stage.show(pixels(), 2.0)

    assert (stage.picture.number, stage.picture.since_s) == (2, 2.0)


def test_whoever_listens_is_told_of_pictures_and_states():
    stage, told = Stage(), []
    stage.listen(lambda: told.append((stage.picture is not None, stage.state is not None)))
    stage.show(pixels(), 0.0)
    stage.say(run_state())

    assert told == [(True, False), (True, True)]


def test_a_picture_is_painted_and_encoded_only_when_somebody_asks_and_once_for_all():
    stage, painted = Stage(), []

    def paint():
        painted.append(1)
        return np.full((48, 64, 3), (0, 0, 255), np.uint8)

    stage.show(Pixels(image=paint), 0.0)
    before = len(painted)
    threads = [threading.Thread(target=stage.picture.jpeg) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (before, len(painted)) == (0, 1)
    assert stage.picture.jpeg() is stage.picture.jpeg()


def test_a_jpeg_holds_the_picture():
    decoded = np.asarray(Image.open(io.BytesIO(encoded_jpeg(pixels((0, 0, 255))))))

    assert decoded.shape == (48, 64, 3)
    assert np.abs(decoded.astype(int) - (255, 0, 0)).max() < 6


def test_a_stage_is_watched_by_its_audience_and_for_a_while_by_who_asked_for_one_picture(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("deeplab_cv.controls.stage.time", clock)
    stage = Stage()
    assert not stage.watched

    stage.glance()
    assert stage.watched
    clock.sleep(10)
    assert not stage.watched
    stage.audience = lambda: True
    assert stage.watched

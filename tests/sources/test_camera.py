import itertools
import shutil
import tempfile
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources import camera, camera_names
from deeplab_cv.sources.camera import CameraWishes, open_camera
from tests.sources.connections import FakeClock
from tests.waiting import HANGS_S

PICTURE = np.full((48, 64, 3), 7, np.uint8)
NOTHING = CameraWishes()


class FakeCapture:
    """cv2.VideoCapture of a camera that answers each read with the next of `answers`, the last again and again."""

    def __init__(self, answers, opens=True, rate=30.0):
        self.answers = list(answers)
        self.opens = opens
        self.rate = rate
        self.asked = []
        self.released = 0

    def isOpened(self):  # noqa: N802
        return self.opens

    def read(self):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer()
        return answer is not None, None if answer is None else answer.copy()

    def get(self, key):
        return self.rate if key == cv2.CAP_PROP_FPS else 0.0

    def set(self, key, value):
        self.asked.append((key, value))
        return True

    def release(self):
        self.released += 1


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def devices(tmp_path):
    """A folder whose files are taken for devices: on Linux these lie below /dev alone."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture
def plug_in(devices, monkeypatch, clock):
    """Makes a camera that opens as each of the captures in turn; gives the source that reads it."""

    def plug(*captures, wishes=NOTHING, retry=0):
        device = devices / "video0"
        device.touch()
        found = iter(captures)
        monkeypatch.setattr(cv2, "VideoCapture", lambda *_: next(found))
        return open_camera(str(device), wishes, retry=retry, clock=clock)

    return plug


def test_frames_come_with_rising_times_in_microseconds(plug_in):
    with plug_in(FakeCapture([PICTURE])) as source:
        frames = [source.read() for _ in range(5)]

    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert frames[0].pts == 0
    assert all(before.pts < after.pts for before, after in itertools.pairwise(frames))


def test_what_came_is_told_not_what_was_asked(plug_in):
    with plug_in(FakeCapture([PICTURE], rate=29.97), wishes=CameraWishes(width=1280, height=720, fps=60)) as source:
        info = source.info

    assert info.size == Size(64, 48)
    assert float(info.frame_rate) == pytest.approx(29.97, abs=0.001)
    assert info.live
    assert info.frame_count is None


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf"), 1e6])
def test_a_rate_the_driver_does_not_know_is_none(plug_in, rate):
    with plug_in(FakeCapture([PICTURE], rate=rate)) as source:
        assert source.info.frame_rate is None


def test_size_and_rate_are_asked_after_the_compressed_format(plug_in, monkeypatch):
    monkeypatch.setattr(camera, "ON_LINUX", True)
    capture = FakeCapture([PICTURE])

    plug_in(capture, wishes=CameraWishes(width=1280, height=720, fps=30)).close()

    keys = [cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS]
    assert [key for key, _ in capture.asked] == keys
    assert [value for _, value in capture.asked[1:]] == [1280, 720, 30]


@pytest.mark.parametrize("rate", [30.0, 25.0, 0.0])
def test_nothing_is_asked_that_was_not_wished(plug_in, rate):
    capture = FakeCapture([PICTURE], rate=rate)

    plug_in(capture).close()

    assert capture.asked == []


@pytest.mark.parametrize("rate", [5.0, 10.0, 15.0])
def test_a_camera_that_is_slow_uncompressed_is_asked_for_the_compressed_format(plug_in, monkeypatch, rate):
    monkeypatch.setattr(camera, "ON_LINUX", True)
    capture = FakeCapture([PICTURE], rate=rate)

    plug_in(capture).close()

    assert [key for key, _ in capture.asked] == [cv2.CAP_PROP_FOURCC]


def test_a_few_failed_reads_are_passed_over(plug_in):
    with plug_in(FakeCapture([PICTURE, None, None, PICTURE])) as source:
        assert source.read().index == 0
        assert source.read().index == 1


def test_a_camera_that_wakes_slowly_is_waited_for(plug_in, clock):
    with plug_in(FakeCapture([*[None] * 80, PICTURE])) as source:
        assert source.read() is not None

    assert clock.now() == pytest.approx(1008.0)


def test_a_camera_that_stops_is_an_error_where_it_is_not_tried_again(plug_in):
    with plug_in(FakeCapture([PICTURE, None])) as source:
        source.read()
        with pytest.raises(SourceError, match=r"the camera gives no pictures: camera .*video0; plug it in"):
            source.read()


def test_a_camera_that_stops_comes_back(plug_in):
    pulled, plugged = FakeCapture([PICTURE, None]), FakeCapture([PICTURE])

    with plug_in(pulled, plugged, retry=None) as source:
        frames = [source.read() for _ in range(3)]

    assert [frame.index for frame in frames] == [0, 1, 2]
    assert source.state.reconnects == 1
    assert pulled.released


def test_a_camera_whose_reads_hang_and_fail_has_stalled(plug_in, clock):
    def hang():
        clock.now_s += 2.0

    with plug_in(FakeCapture([PICTURE, hang, hang, hang]), FakeCapture([PICTURE]), retry=None) as source:
        frames = [source.read() for _ in range(2)]

    assert float(frames[1].time_s) == pytest.approx(6 + 3 * 0.1 + 1, abs=0.5)
    assert source.state.stalls == 1


def test_an_error_inside_opencv_counts_as_a_failed_read(plug_in):
    def fail():
        raise cv2.error("broken frame")

    with plug_in(FakeCapture([PICTURE, fail, PICTURE])) as source:
        source.read()
        assert source.read() is not None


def test_a_camera_that_never_gives_a_picture_is_released(plug_in):
    capture = FakeCapture([None])

    with pytest.raises(SourceError, match="the camera gives no pictures for 10 s"):
        plug_in(capture)

    assert capture.released


def test_a_new_size_in_mid_stream_is_taken(plug_in):
    with plug_in(FakeCapture([PICTURE, np.zeros((96, 32, 3), np.uint8)])) as source:
        assert [source.read().size for _ in range(2)] == [Size(64, 48), Size(32, 96)]


def test_a_picture_that_does_not_change_is_noticed(plug_in, clock):
    def still():
        clock.now_s += 1.0
        return PICTURE

    with plug_in(FakeCapture([still])) as source:
        for _ in range(12):
            source.read()

    assert source.state.notices == ("the picture stands still",)


def test_closing_does_not_wait_for_a_read_that_the_driver_keeps(plug_in):
    inside, answer = threading.Event(), threading.Event()

    def hang():
        inside.set()
        answer.wait(HANGS_S)
        return PICTURE

    capture = FakeCapture([PICTURE, hang])
    source = plug_in(capture)
    source.read()
    answers = []
    reader = threading.Thread(target=lambda: answers.append(source.read()), daemon=True)
    reader.start()
    inside.wait(HANGS_S)

    source.close()

    assert reader.is_alive()
    assert not capture.released
    answer.set()
    reader.join(HANGS_S)
    assert answers == [None]
    assert capture.released


def test_a_closed_camera_gives_nothing_and_can_be_closed_again(plug_in):
    capture = FakeCapture([PICTURE])
    source = plug_in(capture)
    source.close()
    source.close()

    assert source.read() is None
    assert capture.released


def test_a_camera_that_does_not_exist_names_those_that_do(known_cameras, capfd):
    with pytest.raises(SourceError) as caught:
        open_camera("77", NOTHING, retry=0)

    assert str(caught.value) == "no such camera: camera 77; there are 0 (Webcam), 2 (USB: Cam), 10 (Dock)"
    assert capfd.readouterr() == ("", "")


def test_a_camera_that_is_missing_is_waited_for_with_one_line_that_names_those_there(known_cameras, caplog):
    with open_camera("77", CameraWishes(width=320, height=180)) as source:
        assert source.state.phase == "gone"
        assert source.info.size == Size(320, 180)

    (line,) = caplog.messages
    assert line.startswith("camera 77: no such camera; there are 0 (Webcam), 2 (USB: Cam), 10 (Dock); trying again in ")
    assert line.endswith(", --retry 0 ends the run instead")


def test_where_there_is_no_camera_the_pattern_is_offered(tmp_path, monkeypatch):
    monkeypatch.setattr(camera, "ON_LINUX", True)
    monkeypatch.setattr(camera_names, "ON_LINUX", True)
    monkeypatch.setattr(camera_names, "_SYSFS", tmp_path / "none")

    with pytest.raises(SourceError, match=r"no such camera: camera /dev/video77; .*--pattern"):
        open_camera("/dev/video77", NOTHING, retry=0)


def test_what_is_no_camera_s_name_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(camera, "ON_LINUX", True)

    with pytest.raises(SourceError, match=r"a camera is named by its number or its device: camera clip\.mp4"):
        open_camera("clip.mp4", NOTHING)


def test_a_device_that_is_no_camera_is_an_error_and_nothing_on_the_terminal(devices, capfd):
    device = devices / "video0"
    device.touch()

    with pytest.raises(SourceError, match="the camera cannot be opened"):
        open_camera(str(device), NOTHING, retry=0)

    assert capfd.readouterr() == ("", "")


@pytest.fixture
def plugged(monkeypatch, known_cameras):
    """Which camera is plugged in where, and the devices that were opened."""
    opened = []

    def open_device(device, name):
        opened.append(device)
        return FakeCapture([PICTURE, None])

    monkeypatch.setattr(camera, "_open_capture", open_device)
    return opened


def rename(tmp_path, node, name):
    (tmp_path / "video4linux" / node / "name").write_text(f"{name}\n")


@pytest.mark.parametrize("text", ["0", "/dev/video0"])
def test_a_camera_is_found_again_by_its_name_when_its_index_has_changed(plugged, tmp_path, clock, text):
    with open_camera(text, NOTHING, clock=clock) as source:
        source.read()
        rename(tmp_path, "video0", "Dock")
        rename(tmp_path, "video10", "Webcam")
        assert source.read() is not None

    assert plugged == [0 if text == "0" else text, 10]


def test_the_other_one_of_two_cameras_of_one_make_is_not_taken_for_it(plugged, tmp_path, clock):
    rename(tmp_path, "video10", "Webcam")
    with open_camera("0", NOTHING, clock=clock) as source:
        source.read()
        shutil.rmtree(tmp_path / "video4linux" / "video0")
        source.read()

    assert plugged == [0, 0]


def test_another_camera_at_the_old_index_is_not_taken_for_it(plugged, tmp_path, clock):
    with open_camera("0", NOTHING, retry=3, clock=clock) as source:
        source.read()
        rename(tmp_path, "video0", "Another")
        with pytest.raises(SourceError, match=r"Webcam is not there: camera 0; there are 0 .Another."):
            source.read()

    assert plugged == [0]

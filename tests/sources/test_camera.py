import itertools
import tempfile
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources import camera, live
from deeplab_cv.sources.camera import CameraName, CameraSource, list_cameras
from tests.waiting import HANGS_S

PICTURE = np.full((48, 64, 3), 7, np.uint8)


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
def devices(tmp_path):
    """A folder whose files are taken for devices: on Linux these lie below /dev alone."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture
def plug_in(devices, monkeypatch):
    """Makes a device that opens as the given capture; returns its path."""
    device = devices / "video0"
    device.touch()
    monkeypatch.setattr(camera, "_PAUSE_S", 0.0)

    def plug(capture):
        monkeypatch.setattr(cv2, "VideoCapture", lambda *_: capture)
        return str(device)

    return plug


@pytest.fixture
def known_cameras(tmp_path, monkeypatch):
    """Linux's list of two webcams, each with a second node for metadata."""
    monkeypatch.setattr(camera, "_ON_LINUX", True)
    monkeypatch.setattr(camera, "_SYSFS", tmp_path / "video4linux")
    nodes = [("video10", "Dock", 0), ("video0", "Webcam", 0), ("video1", "Webcam", 1), ("video2", "USB: Cam", 0)]
    for node, name, index in nodes:
        folder = tmp_path / "video4linux" / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "index").write_text(f"{index}\n")


def test_frames_come_with_rising_times_in_microseconds(plug_in):
    with CameraSource(plug_in(FakeCapture([PICTURE]))) as source:
        frames = [source.read() for _ in range(5)]

    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert frames[0].pts == 0
    assert all(before.pts < after.pts for before, after in itertools.pairwise(frames))
    since_first = frames[-1].captured_at - frames[0].captured_at
    assert float(frames[-1].time_s) == pytest.approx(since_first, abs=1e-5)


def test_what_came_is_told_not_what_was_asked(plug_in):
    device = plug_in(FakeCapture([PICTURE], rate=29.97))

    with CameraSource(device, width=1280, height=720, fps=60) as source:
        info = source.info

    assert info.size == Size(64, 48)
    assert float(info.frame_rate) == pytest.approx(29.97, abs=0.001)
    assert info.live
    assert info.frame_count is None


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf"), 1e6])
def test_a_rate_the_driver_does_not_know_is_none(plug_in, rate):
    with CameraSource(plug_in(FakeCapture([PICTURE], rate=rate))) as source:
        assert source.info.frame_rate is None


def test_size_and_rate_are_asked_after_the_compressed_format(plug_in, monkeypatch):
    monkeypatch.setattr(camera, "_ON_LINUX", True)
    capture = FakeCapture([PICTURE])

    CameraSource(plug_in(capture), width=1280, height=720, fps=30).close()

    keys = [cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS]
    assert [key for key, _ in capture.asked] == keys
    assert [value for _, value in capture.asked[1:]] == [1280, 720, 30]


def test_nothing_is_asked_that_was_not_wished(plug_in):
    capture = FakeCapture([PICTURE])

    CameraSource(plug_in(capture)).close()

    assert capture.asked == []


def test_a_few_failed_reads_are_passed_over(plug_in):
    source = CameraSource(plug_in(FakeCapture([PICTURE, None, None, PICTURE])))

    with source:
        assert source.read().index == 0
        assert source.read().index == 1


def test_a_camera_that_stops_is_an_error(plug_in):
    with CameraSource(plug_in(FakeCapture([PICTURE, None]))) as source:
        source.read()
        with pytest.raises(SourceError, match=r"the camera gives no pictures: camera .*video0; plug it in"):
            source.read()


def test_an_error_inside_opencv_counts_as_a_failed_read(plug_in):
    def fail():
        raise cv2.error("broken frame")

    with CameraSource(plug_in(FakeCapture([PICTURE, fail, PICTURE]))) as source:
        source.read()
        assert source.read() is not None


def test_a_camera_that_never_gives_a_picture_is_released(plug_in):
    capture = FakeCapture([None])

    with pytest.raises(SourceError, match="the camera gives no pictures"):
        CameraSource(plug_in(capture))

    assert capture.released


def test_closing_does_not_wait_for_a_read_that_the_driver_keeps(plug_in, monkeypatch):
    monkeypatch.setattr(live, "_CLOSE_PATIENCE_S", 0.01)
    inside, answer = threading.Event(), threading.Event()

    def hang():
        inside.set()
        answer.wait(HANGS_S)
        return PICTURE

    capture = FakeCapture([PICTURE, hang])
    source = CameraSource(plug_in(capture))
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
    source = CameraSource(plug_in(capture))
    source.close()
    source.close()

    assert source.read() is None
    assert capture.released


def test_cameras_are_listed_by_index_without_their_metadata_nodes(known_cameras):
    assert list_cameras() == [
        CameraName(0, "/dev/video0", "Webcam"),
        CameraName(2, "/dev/video2", "USB: Cam"),
        CameraName(10, "/dev/video10", "Dock"),
    ]


def test_a_machine_without_cameras_has_an_empty_list(tmp_path, monkeypatch):
    monkeypatch.setattr(camera, "_ON_LINUX", True)
    monkeypatch.setattr(camera, "_SYSFS", tmp_path / "none")

    assert list_cameras() == []


def test_elsewhere_cameras_that_open_are_listed_by_number(monkeypatch):
    monkeypatch.setattr(camera, "_ON_LINUX", False)
    monkeypatch.setattr(camera, "_named_cameras", list)
    monkeypatch.setattr(cv2, "VideoCapture", lambda index, _: FakeCapture([PICTURE], opens=index in (0, 2)))

    assert list_cameras() == [CameraName(0, "", "camera 0"), CameraName(2, "", "camera 2")]


def test_a_camera_that_does_not_exist_names_those_that_do(known_cameras, capfd):
    with pytest.raises(SourceError) as caught:
        CameraSource("77")

    assert str(caught.value) == "no such camera: camera 77; there are 0 (Webcam), 2 (USB: Cam), 10 (Dock)"
    assert capfd.readouterr() == ("", "")


def test_where_there_is_no_camera_the_pattern_is_offered(tmp_path, monkeypatch):
    monkeypatch.setattr(camera, "_ON_LINUX", True)
    monkeypatch.setattr(camera, "_SYSFS", tmp_path / "none")

    with pytest.raises(SourceError, match=r"no such camera: camera /dev/video77; .*--pattern"):
        CameraSource("/dev/video77")


def test_a_device_that_is_no_camera_is_an_error_and_nothing_on_the_terminal(devices, capfd):
    device = devices / "video0"
    device.touch()

    with pytest.raises(SourceError, match="the camera cannot be opened"):
        CameraSource(str(device))

    assert capfd.readouterr() == ("", "")

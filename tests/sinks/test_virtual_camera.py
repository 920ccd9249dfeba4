"""Through a stand-in for pyvirtualcam: no kernel module is at hand here."""

import sys
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from deeplab_cv.errors import SinkError
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks import virtual_camera
from deeplab_cv.sinks.virtual_camera import VirtualCamera, what_there_is
from tests.sinks.clips import painted
from tests.waiting import wait_for

LIVE = SourceInfo("camera", Size(64, 48), frame_rate=None, frame_count=None, live=True, time_base=Fraction(1, 25))
SHOWN = Size(128, 72)


class FakeDevice:
    """pyvirtualcam's Camera, which keeps what it is sent."""

    device = "/dev/video10"
    breaks = False

    def __init__(self, width, height, fps, *, fmt):
        self.size, self.fps, self.fmt = Size(width, height), fps, fmt
        self.sent, self.closed = [], False

    def send(self, picture):
        if self.breaks:
            raise RuntimeError("the device is gone")
        self.sent.append(picture)

    def close(self):
        self.closed = True


@pytest.fixture
def devices(monkeypatch):
    """The devices that were opened."""
    opened = []

    def open_device(*words, **options):
        opened.append(FakeDevice(*words, **options))
        return opened[-1]

    package = SimpleNamespace(Camera=open_device, PixelFormat=SimpleNamespace(BGR="BGR"))
    monkeypatch.setitem(sys.modules, "pyvirtualcam", package)
    return opened


def red(index=0):
    return painted(np.full((48, 64, 3), (0, 0, 255), np.uint8), index)


def test_every_picture_is_fitted_into_the_size_and_the_last_is_repeated(devices):
    camera = VirtualCamera(LIVE, SHOWN, 200.0)
    (device,) = devices

    camera.write(red())
    wait_for(lambda: len(device.sent) >= 5)
    written = camera.finish()

    assert (device.size, device.fps, device.fmt) == (SHOWN, 200.0, "BGR")
    assert {picture.shape for picture in device.sent} == {(72, 128, 3)}
    assert (device.sent[4][36, 64] == (0, 0, 255)).all()
    assert (device.sent[4][:, 0] == 0).all()
    assert device.closed
    assert written.frames == 1


def test_the_newest_picture_is_sent(devices):
    camera = VirtualCamera(LIVE, SHOWN, 200.0)
    (device,) = devices
    camera.write(red())
    camera.write(painted(np.full((72, 128, 3), 9, np.uint8), 1))

    wait_for(lambda: device.sent and (device.sent[-1] == 9).all())

    assert camera.abandon() is None
    assert device.closed


def test_pictures_of_a_file_are_taken_at_their_own_pace(devices):
    file = SourceInfo("f", Size(64, 48), frame_rate=Fraction(25), frame_count=3, live=False, time_base=Fraction(1, 25))
    camera = VirtualCamera(file, SHOWN, 200.0)

    for index in range(3):
        camera.write(red(index))
    camera.finish()

    assert len(devices[0].sent) > 3


def test_a_camera_that_breaks_is_an_error(devices):
    camera = VirtualCamera(LIVE, SHOWN, 200.0)
    devices[0].breaks = True
    camera.write(red())

    with pytest.raises(SinkError, match=r"takes no picture: virtual camera .the device is gone."):
        wait_for(lambda: camera.write(red()))
    with pytest.raises(SinkError):
        camera.finish()


def test_a_missing_driver_is_one_line_with_the_command(monkeypatch):
    def none(*words, **options):
        raise RuntimeError("'v4l2loopback' backend: device not found\nsee the manual")

    package = SimpleNamespace(Camera=none, PixelFormat=SimpleNamespace(BGR="BGR"))
    monkeypatch.setitem(sys.modules, "pyvirtualcam", package)
    monkeypatch.setattr(sys, "platform", "linux")

    with pytest.raises(SinkError, match=r"modprobe v4l2loopback exclusive_caps=1 max_buffers=2") as refused:
        VirtualCamera(LIVE, SHOWN, 30.0)

    assert "\n" not in str(refused.value)


def test_the_doctor_names_the_devices_there_are_or_what_makes_one(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(virtual_camera, "_SYSFS", tmp_path)
    monkeypatch.setattr(virtual_camera, "find_spec", lambda name: None)

    without = what_there_is()
    (tmp_path / "video10").mkdir()
    (tmp_path / "video10" / "name").write_text("deeplab-cv\n")

    assert "modprobe v4l2loopback" in without
    assert "requirements-virtualcam.txt" in without
    assert what_there_is().startswith("/dev/video10 (deeplab-cv); pyvirtualcam is not installed: pip install")


def test_a_missing_package_is_one_line_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)

    with pytest.raises(SinkError, match="pyvirtualcam is not installed: virtual camera; pip install"):
        VirtualCamera(LIVE, SHOWN, 30.0)

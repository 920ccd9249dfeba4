import sys

import pytest

from deeplab_cv.sources.camera_names import CameraName
from deeplab_cv.tools import machine_facts


def test_what_is_known_of_the_machine_is_said_in_this_order():
    words = [word for word, _ in machine_facts.machine_facts()]

    wanted = "system processor graphics window cameras virtual codecs OpenCV installed optional"
    assert words == wanted.split()


def test_cameras_and_codecs_are_named(monkeypatch):
    monkeypatch.setattr(machine_facts, "list_cameras", lambda: [CameraName(2, "/dev/video2", "Webcam")])

    facts = dict(machine_facts.machine_facts())

    assert facts["cameras"] == "2 /dev/video2 Webcam"
    assert facts["codecs"].startswith("h264, ")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only: v4l2loopback is a module of its kernel")
def test_a_virtual_camera_is_named_by_its_device(tmp_path, monkeypatch):
    monkeypatch.setattr(machine_facts, "_VIRTUAL_VIDEO", tmp_path)
    before = dict(machine_facts.machine_facts())["virtual"]
    (tmp_path / "video9").mkdir()

    assert before == "no camera of v4l2loopback"
    assert dict(machine_facts.machine_facts())["virtual"] == "/dev/video9 (v4l2loopback)"

"""Cameras that Linux lists, for the tests of their names and of what opens them."""

import pytest

from deeplab_cv.sources import camera, camera_names


@pytest.fixture
def known_cameras(tmp_path, monkeypatch):
    """Linux's list of two webcams, each with a second node for metadata."""
    monkeypatch.setattr(camera_names, "ON_LINUX", True)
    monkeypatch.setattr(camera, "ON_LINUX", True)
    monkeypatch.setattr(camera_names, "_SYSFS", tmp_path / "video4linux")
    nodes = [("video10", "Dock", 0), ("video0", "Webcam", 0), ("video1", "Webcam", 1), ("video2", "USB: Cam", 0)]
    for node, name, index in nodes:
        folder = tmp_path / "video4linux" / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "index").write_text(f"{index}\n")

import cv2
import pytest

from deeplab_cv.sources import camera_names
from deeplab_cv.sources.camera_names import CameraName, index_by_name, list_cameras, own_name, what_there_is


class OpenOrNot:
    """cv2.VideoCapture of an index at which there is a camera, or none."""

    def __init__(self, opens):
        self.opens = opens

    def isOpened(self):  # noqa: N802
        return self.opens

    def release(self):
        pass


def test_cameras_are_listed_by_index_without_their_metadata_nodes(known_cameras):
    assert list_cameras() == [
        CameraName(0, "/dev/video0", "Webcam"),
        CameraName(2, "/dev/video2", "USB: Cam"),
        CameraName(10, "/dev/video10", "Dock"),
    ]


def test_a_machine_without_cameras_has_an_empty_list(tmp_path, monkeypatch):
    monkeypatch.setattr(camera_names, "ON_LINUX", True)
    monkeypatch.setattr(camera_names, "_SYSFS", tmp_path / "none")

    assert list_cameras() == []


def test_elsewhere_cameras_that_open_are_listed_by_number(monkeypatch):
    monkeypatch.setattr(camera_names, "ON_LINUX", False)
    monkeypatch.setattr(camera_names, "_named_cameras", list)
    monkeypatch.setattr(cv2, "VideoCapture", lambda index, _: OpenOrNot(index in (0, 2)))

    assert list_cameras() == [CameraName(0, "", "camera 0"), CameraName(2, "", "camera 2")]


def test_what_there_is_names_every_camera(known_cameras):
    assert what_there_is() == "there are 0 (Webcam), 2 (USB: Cam), 10 (Dock)"


def test_a_camera_has_its_name_by_its_index(known_cameras):
    assert own_name(2) == "USB: Cam"
    assert own_name(1) == ""


def test_a_camera_that_is_called_as_another_cannot_be_found_by_its_name(known_cameras, tmp_path):
    (tmp_path / "video4linux" / "video10" / "name").write_text("Webcam\n")

    assert [own_name(index) for index in (0, 2, 10)] == ["", "USB: Cam", ""]


@pytest.mark.parametrize(("index", "name", "found"), [(0, "Webcam", 0), (7, "Dock", 10), (0, "X", None)])
def test_a_camera_is_found_by_its_name_wherever_it_is_now(known_cameras, index, name, found):
    assert index_by_name(index, name) == found


def test_of_two_cameras_of_one_name_only_the_one_at_the_old_index_is_taken(known_cameras, tmp_path):
    (tmp_path / "video4linux" / "video10" / "name").write_text("Webcam\n")

    assert index_by_name(10, "Webcam") == 10
    assert index_by_name(3, "Webcam") is None


def test_elsewhere_no_camera_is_opened_for_its_name(monkeypatch):
    monkeypatch.setattr(camera_names, "ON_LINUX", False)
    monkeypatch.setattr(camera_names, "_named_cameras", list)
    monkeypatch.setattr(cv2, "VideoCapture", None)

    assert own_name(0) == ""

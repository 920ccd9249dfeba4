import cv2
import pytest

from deeplab_cv.machine.opencv_log import quiet_opencv


def open_what_is_missing():
    assert cv2.imread("no-such-picture.png") is None


def test_opencv_says_nothing_meanwhile(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    open_what_is_missing()
    loud = capfd.readouterr().err

    with quiet_opencv():
        open_what_is_missing()

    assert "no-such-picture.png" in loud
    assert capfd.readouterr().err == ""


def test_opencv_speaks_again_after_an_error_inside(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyError), quiet_opencv():
        raise KeyError

    open_what_is_missing()

    assert "no-such-picture.png" in capfd.readouterr().err

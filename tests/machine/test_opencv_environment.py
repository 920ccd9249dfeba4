import os

import pytest

from deeplab_cv.machine.opencv_environment import make_opencv_silent, make_opencv_wait_less

VARIABLES = ("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT")


@pytest.fixture(autouse=True)
def variables_as_they_were(monkeypatch):
    for name in VARIABLES:
        monkeypatch.setenv(name, "what was set before")
        monkeypatch.delenv(name)


def test_opencv_opens_cameras_without_hardware_transforms_and_gives_up_after_two_seconds():
    make_opencv_wait_less()

    assert [os.environ[name] for name in VARIABLES] == ["0", "2"]


@pytest.mark.parametrize("name", VARIABLES)
def test_what_the_user_has_set_stays_as_it_is(name, monkeypatch):
    monkeypatch.setenv(name, "17")

    make_opencv_wait_less()

    assert os.environ[name] == "17"


def test_opencv_logs_nothing_unless_the_user_asks_for_it(monkeypatch):
    monkeypatch.delenv("OPENCV_LOG_LEVEL", raising=False)

    make_opencv_silent()
    assert os.environ["OPENCV_LOG_LEVEL"] == "SILENT"

    monkeypatch.setenv("OPENCV_LOG_LEVEL", "INFO")
    make_opencv_silent()
    assert os.environ["OPENCV_LOG_LEVEL"] == "INFO"

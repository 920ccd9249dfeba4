import random
import socket
import sys

import cv2
import pytest

from deeplab_cv.machine.display import display_problem

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says by DISPLAY where windows go")


@pytest.fixture
def built(monkeypatch):
    """Makes OpenCV say that it was built with this kind of windows."""

    def build(gui):
        monkeypatch.setattr(cv2, "getBuildInformation", lambda: f"General configuration\n  GUI:   {gui}\n  Media:\n")

    build("QT5")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return build


@pytest.mark.parametrize("gui", ["NONE", "NO"])
def test_an_opencv_without_windows_is_said_before_anything_else(built, gui):
    built(gui)

    assert "headless build" in display_problem()


@linux_only
def test_without_a_display_the_variable_is_named(built):
    assert display_problem() == "no display (DISPLAY is not set)"


@linux_only
def test_wayland_alone_is_said_to_need_xwayland(built, monkeypatch):
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")

    assert "XWayland" in display_problem()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_need_no_display(built, monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)

    assert display_problem() is None


@linux_only
@pytest.mark.parametrize("host", ["", "unix"])
@pytest.mark.parametrize("screen", ["", ".0"])
def test_a_server_that_listens_here_can_show_a_window_until_it_ends(built, monkeypatch, host, screen):
    number = random.randrange(10**6, 10**9)
    display = f"{host}:{number}{screen}"
    monkeypatch.setenv("DISPLAY", display)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0/tmp/.X11-unix/X{number}")
        server.listen()
        assert display_problem() is None

    assert display_problem() == f"no display answers at DISPLAY={display}"


@linux_only
def test_a_server_s_number_without_a_colon_is_no_display(built, monkeypatch):
    number = random.randrange(10**6, 10**9)
    monkeypatch.setenv("DISPLAY", str(number))

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0/tmp/.X11-unix/X{number}")
        server.listen()
        assert display_problem() == f"no display answers at DISPLAY={number}"


@linux_only
def test_a_server_of_another_machine_is_asked_at_its_port(built, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        display = f"127.0.0.1:{server.getsockname()[1] - 6000}.0"
        monkeypatch.setenv("DISPLAY", display)
        assert display_problem() is None

    assert display_problem() == f"no display answers at DISPLAY={display}"


@linux_only
@pytest.mark.parametrize("display", ["0", ":", ":x", "here:.0", "::", "no such host:0"])
def test_a_display_that_is_none_is_shown_as_it_is_set(built, monkeypatch, display):
    monkeypatch.setenv("DISPLAY", display)

    assert display_problem() == f"no display answers at DISPLAY={display}"

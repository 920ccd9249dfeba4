import signal
import sys

import cv2
import numpy as np
import pytest

from deeplab_cv.cli import main
from deeplab_cv.progress import JobProgress
from deeplab_cv.sources import camera_names
from deeplab_cv.sources.camera_names import CameraName
from tests.tiny_networks import network as network


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "red.png"
    assert cv2.imwrite(str(path), np.full((64, 64, 3), (0, 0, 255), np.uint8))
    return path


def run(network, *words):
    return main(["--model", str(network), "--backend", "opencv:cpu", "--headless", *map(str, words)])


def test_cameras_are_listed_one_a_line_and_nothing_is_run(monkeypatch, capsys):
    cameras = [CameraName(0, "/dev/video0", "Webcam"), CameraName(2, "/dev/video2", "USB: Cam")]
    monkeypatch.setattr(camera_names, "list_cameras", lambda: cameras)

    assert main(["--list-cameras"]) == 0

    assert capsys.readouterr().out.splitlines() == ["0  /dev/video0  Webcam", "2  /dev/video2  USB: Cam"]


def test_where_no_camera_is_found_the_pattern_is_offered(monkeypatch, capsys):
    monkeypatch.setattr(camera_names, "list_cameras", list)

    assert main(["--list-cameras"]) == 0

    assert "--pattern" in capsys.readouterr().out


def test_every_file_that_a_run_leaves_is_said_at_its_end(network, picture, tmp_path, capsys):
    out, figures = tmp_path / "out.png", tmp_path / "areas.csv"

    assert run(network, "--image", picture, "--out", out, "--stats", figures) == 0

    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith(str(tmp_path))] == [f"{out}: written", f"{figures}: written"]


def test_a_run_that_is_stopped_says_so_and_keeps_what_was_done(network, tmp_path, monkeypatch, capsys):
    advance = JobProgress.advance

    def advance_and_stop(bar):
        advance(bar)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(JobProgress, "advance", advance_and_stop)
    out = tmp_path / "out.mp4"

    assert run(network, "--pattern", "--width", "64", "--height", "48", "--out", out) == 130

    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.mp4"]
    assert "stopped by Ctrl-C" in capsys.readouterr().err


def test_the_settings_file_of_the_command_line_names_the_source(network, picture, tmp_path):
    settings = tmp_path / "mine.yaml"
    settings.write_text(f"image: {picture}\nout: {tmp_path / 'out.png'}\nstyle: mask\n")

    assert run(network, "--config", settings) == 0

    assert (cv2.imread(str(tmp_path / "out.png")) == (0, 0, 255)).all()


def test_with_a_setting_but_no_source_it_is_said_how_to_name_one(network, capsys):
    assert run(network) == 2

    assert "nothing to segment is named" in capsys.readouterr().err


def test_the_name_alone_is_answered_on_stderr(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["/usr/bin/deeplab-cv"])

    assert main([]) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert "deeplab-cv --demo " in printed.err

import os
import re
import signal
import sys

import cv2
import numpy as np
import pytest

from deeplab_cv.cli import main
from deeplab_cv.progress import JobProgress
from deeplab_cv.sources import camera_names
from deeplab_cv.sources.camera_names import CameraName
from tests.sources.clips import write_scenes
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


@pytest.fixture
def clips(tmp_path):
    return [write_scenes(tmp_path / f"{name}.mp4", count) for name, count in (("one", 5), ("two", 6))]


def test_several_sources_are_run_at_once_and_the_last_lines_name_each(network, clips, tmp_path, capsys):
    words = [word for clip in clips for word in ("--video", clip)]

    assert run(network, *words, "--pattern", "--end", "0.2", "--out", tmp_path / "out-{source}.mp4") == 0

    lines = capsys.readouterr().err.splitlines()
    said = [line for line in lines if re.match(r"(video|pattern)-\d: ", line)]
    assert sorted(line.partition(":")[0] for line in said) == ["pattern-2", "video-0", "video-1"]
    assert all(str(tmp_path / f"out-{line.partition(':')[0]}.mp4: ") in line for line in said)
    assert len(list(tmp_path.glob("out-*.mp4"))) == 3


def test_words_without_flags_may_be_several_sources_in_their_order(network, clips, tmp_path, capsys):
    assert run(network, clips[1], clips[0], "--stats", tmp_path / "{source}.csv") == 0

    assert f"video-0: {tmp_path / 'video-0.csv'}: 6 frames" in capsys.readouterr().err
    assert len((tmp_path / "video-1.csv").read_text().splitlines()) == 6


def test_one_source_that_fails_is_one_line_and_the_others_are_whole(network, clips, tmp_path, capsys):
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(clips[1].read_bytes()[:-2000])

    assert run(network, clips[0], damaged, "--stats", tmp_path / "{source}.csv") == 1

    lines = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("error: video-1: ") for line in lines) == 1
    assert f"video-0: {tmp_path / 'video-0.csv'}: 5 frames" in lines


def test_several_sources_that_are_stopped_leave_whole_live_files(network, tmp_path, monkeypatch, capsys):
    advance, done = JobProgress.advance, []

    def advance_and_stop(bar):
        advance(bar)
        done.append(1)
        if len(done) == 40:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(JobProgress, "advance", advance_and_stop)
    words = ["--pattern", "--pattern", "--width", "64", "--height", "48"]

    assert run(network, *words, "--out", tmp_path / "{source}.mp4") == 130

    assert sorted(path.name for path in tmp_path.glob("*.*4")) == ["pattern-0.mp4", "pattern-1.mp4"]
    assert "stopped by Ctrl-C" in capsys.readouterr().err


def test_one_source_s_outputs_may_be_called_after_it_too(network, clips, tmp_path):
    assert run(network, clips[0], "--stats", tmp_path / "area-{source}.csv") == 0

    assert (tmp_path / "area-video-0.csv").exists()

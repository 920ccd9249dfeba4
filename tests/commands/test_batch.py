"""`app.py batch` as a user types it."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from deeplab_cv.cli import main
from tests.batch.jobs import RED, clip, hashes_below, picture
from tests.tiny_networks import tiny_network
from tests.waiting import HANGS_S, wait_for

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def words(tmp_path):
    """What stands before and after the inputs of each call."""
    network = tiny_network(tmp_path / "network") if (tmp_path / "network").mkdir() is None else None
    return ["--to", str(tmp_path / "out"), "--model", str(network), "--backend", "opencv", "--workers", "1"]


def test_all_whole_is_exit_code_0_and_a_summary_on_standard_output(tmp_path, words, capsys):
    picture(tmp_path / "in" / "a.png", RED)

    assert main(["batch", str(tmp_path / "in"), *words, "--paint-files", "--masks"]) == 0

    summary = json.loads(capsys.readouterr().out)
    assert (summary["files"], summary["whole"]) == (1, 1)
    assert summary == json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert sorted(hashes_below(tmp_path / "out")) == ["masks/a.png", "painted/a.png"]


def test_some_failed_is_exit_code_3_and_a_line_for_each(tmp_path, words, capsys):
    picture(tmp_path / "in" / "a.png", RED)
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")

    assert main(["batch", str(tmp_path / "in"), *words]) == 3
    assert "bad.png (read): this is not a picture" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--workers", "0"], ["--patience", "0"], ["--masks=x"], ["--alpha", "7"]])
def test_wrong_use_is_exit_code_2(tmp_path, words, wrong):
    picture(tmp_path / "in" / "a.png", RED)

    assert main(["batch", str(tmp_path / "in"), *words, *wrong]) == 2
    assert not (tmp_path / "out").exists()


def test_without_a_folder_to_write_to_it_is_exit_code_2(tmp_path):
    assert main(["batch", str(tmp_path)]) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_ctrl_c_leaves_whole_files_and_says_how_to_go_on(tmp_path, words):
    picture(tmp_path / "in" / "a.png", RED)
    clip(tmp_path / "in" / "b.mp4", frames=3000)
    command = [sys.executable, str(ROOT / "app.py"), "batch", str(tmp_path / "in"), *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        # An output is whole before its record is: what the line counts are records.
        records = tmp_path / "out" / "done.jsonl"
        wait_for(lambda: records.is_file() and "a.png" in records.read_text(encoding="utf-8"))
        process.send_signal(signal.SIGINT)
        lines = process.communicate(timeout=HANGS_S)[1]

    assert process.returncode == 130
    assert "1 of 2 files are whole; the same command goes on from here" in lines
    assert list(hashes_below(tmp_path / "out")) == ["painted/a.png"]


def lines_of(folder):
    """How many lines done.jsonl has for each input."""
    text = (folder / "done.jsonl").read_text(encoding="utf-8")
    return Counter(json.loads(line)["input"] for line in text.splitlines())


@pytest.fixture
def many(tmp_path):
    """Twelve pictures and two clips."""
    for number in range(12):
        picture(tmp_path / "in" / f"{number}.png", (20 * number, 0, 255))
    clip(tmp_path / "in" / "clips" / "a.mp4", frames=40)
    clip(tmp_path / "in" / "clips" / "b.mp4", frames=40, colour=(0, 255, 0))
    return tmp_path / "in"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("whole_tree", [True, False], ids=["the whole tree", "all but the workers"])
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_is_not(tmp_path, words, many, whole_tree):
    workers = ["--workers", "2", "--paint-files", "--masks"]
    assert main(["batch", str(many), *words[2:], *workers, "--to", str(tmp_path / "undisturbed")]) == 0
    command = [sys.executable, str(ROOT / "app.py"), "batch", str(many), *words, *workers]
    for done in (1, 5, 9):
        with subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL) as process:
            wait_for(lambda done=done: len(hashes_below(tmp_path / "out")) >= done)
            (os.killpg if whole_tree else os.kill)(process.pid, signal.SIGKILL)

    assert subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0
    assert hashes_below(tmp_path / "out") == hashes_below(tmp_path / "undisturbed")
    assert set(lines_of(tmp_path / "out").values()) == {1}


@pytest.mark.parametrize("wrong", [["--ray-resources", "cpus=1"], ["--ray", "--ray-resources", "cores=1"]])
def test_what_ray_cannot_understand_is_exit_code_2(tmp_path, words, wrong):
    picture(tmp_path / "in" / "a.png", RED)

    assert main(["batch", str(tmp_path / "in"), *words, *wrong]) == 2

import json
import os
import subprocess
import sys

import pytest

from deeplab_cv.bench.instruments.child import child_environment, read_report, run_in_child, started, words_of
from deeplab_cv.bench.instruments.program import Run
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.folders import demo_clip
from deeplab_cv.networks.options import NetworkOptions
from tests.tiny_networks import tiny_network

FACTS = {
    "frames": 20,
    "wall_s": 1.5,
    "processor_s": 2.5,
    "dropped": 0,
    "engine": "opencv:cpu:float32",
    "input_size": [144, 80],
}


def test_the_whole_program_is_run_in_a_process_of_its_own(tmp_path):
    words = ["--model", str(tiny_network(tmp_path)), "--backend", "opencv:cpu", "--video", str(demo_clip())]
    words += ["--end", "1", "--headless", "--stats", str(tmp_path / "area.csv")]

    run = run_in_child("nothing", words)

    assert run.frames == 20
    assert run.wall_s > 0
    assert run.processor_s > 0
    assert run.dropped == 0
    assert run.engine.startswith("opencv:cpu")
    assert not (tmp_path / "area.csv").exists()


def test_a_run_that_fails_is_an_error_with_its_last_line(tmp_path):
    words = ["--model", str(tmp_path / "gone.onnx"), "--video", str(demo_clip()), "--headless", "--stats", "a.csv"]

    with pytest.raises(EngineError, match=r"a run of the program failed: .*no such network file"):
        run_in_child("nothing", words)


def test_a_program_that_still_runs_ends_with_its_context(tmp_path):
    words = ["--pattern", "--headless", "--stats", str(tmp_path / "area.csv")]

    with started("plain", words, tmp_path) as process:
        assert process.poll() is None

    assert process.poll() is not None


def test_a_report_is_read_as_it_was_written(tmp_path):
    (tmp_path / "report.json").write_text(json.dumps(FACTS))

    assert read_report(0, "", tmp_path) == Run(**FACTS | {"input_size": Size(144, 80)})


@pytest.mark.parametrize(
    ("code", "report", "output", "said"),
    [
        (1, True, "one\ntwo\n", "two"),
        (0, False, "one\ntwo", "two"),
        (0, False, "", "no word"),
        (-9, True, " \n", "no word"),
    ],
)
def test_a_program_without_a_report_or_with_another_exit_code_has_failed(tmp_path, code, report, output, said):
    if report:
        (tmp_path / "report.json").write_text(json.dumps(FACTS))

    with pytest.raises(EngineError, match=f"a run of the program failed: {said};"):
        read_report(code, output, tmp_path)


def test_a_child_finds_the_package_from_every_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")

    environment = child_environment()

    done = subprocess.run([sys.executable, "-c", "import deeplab_cv"], cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0
    assert environment["PYTHONPATH"].split(os.pathsep)[1:] == ["/somewhere/else"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ([NetworkOptions(), EngineOptions()], []),
        ([NetworkOptions(model="my net.onnx"), EngineOptions(threads=2)], ["--model", "my net.onnx", "--threads", "2"]),
        ([NetworkOptions(mean=(1, 2.5, 3), align_corners=True)], ["--mean", "1.0,2.5,3.0", "--align-corners"]),
    ],
)
def test_options_that_are_no_defaults_become_the_words_that_ask_for_them(asked, words):
    assert words_of(*asked) == words

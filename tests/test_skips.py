"""The bound on skipped tests: it lets through what it is told, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skips import REASONS, VARIABLE, unexpected

ROOT = Path(__file__).parent.parent

TESTS = """
import pytest

def test_that_runs():
    assert True

def test_that_skips():
    pytest.skip("{}")
"""


@pytest.fixture
def run(tmp_path):
    """Runs a file with one test that passes and one that skips; gives exit code and output."""

    def run_tests(reason, allowed):
        (tmp_path / "test_it.py").write_text(TESTS.format(reason))
        environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
        if allowed is not None:
            environment[VARIABLE] = allowed
        words = ["-m", "pytest", "-q", "-p", "tests.skips", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
        done = subprocess.run(
            [sys.executable, *words, str(tmp_path)],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run_tests


@pytest.mark.parametrize("allowed", [None, "train", "screen train"])
def test_a_run_passes_where_nothing_is_bound_or_the_reason_is_allowed(run, allowed):
    code, output = run("training needs torch (requirements-train.txt)", allowed)

    assert code == 0, output
    assert "1 passed, 1 skipped" in output


@pytest.mark.parametrize("allowed", ["", "screen", "screen beside"])
def test_a_run_fails_and_names_the_reason_where_it_is_not_allowed(run, allowed):
    code, output = run("training needs torch (requirements-train.txt)", allowed)

    assert code == 1
    assert "should not be skipped here: training needs torch (requirements-train.txt)" in output


def test_a_whole_file_that_is_skipped_counts_too(run, tmp_path):
    (tmp_path / "test_other.py").write_text("import pytest\npytest.importorskip('abacus_of_nobody', reason='none')\n")

    code, output = run("needs ../shared/samples", "beside")

    assert code == 1
    assert "should not be skipped here: none" in output


def test_a_name_that_stands_for_nothing_is_refused(run):
    code, output = run("no reason", "screen everything")

    assert code == 4
    assert "no such reason: everything" in output


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("the workshop needs requirements-train.txt", "train"),
        ("the plot needs matplotlib (requirements-train.txt)", "train"),
        ("needs ../shared/samples", "beside"),
        ("the published networks lie beside the repository only where it is developed", "beside"),
        ("Xvfb and xdotool not installed: the window cannot be driven", "screen"),
        ("this OpenCV is a headless build", "screen"),
        ("only root can mount a small disk", "root"),
        ("this OpenCV has CUDA", "build"),
        ("seen in OpenCV 5.0", "build"),
        ("not seen in this OpenCV", "build"),
        ("this openvino has no cpu_bf16", "build"),
        ("alternate signal stacks are a matter of Linux here", "system"),
    ],
)
def test_each_reason_has_the_one_name_by_which_it_is_allowed(reason, name):
    assert [each for each in REASONS if not unexpected([reason], [each])] == [name]


@pytest.mark.parametrize(
    "reason",
    [
        "the engine's scores are wrong: openvino:cpu in float32; error 0.4, where 0.001 is allowed",
        "ONNX Runtime is not installed",
        "OpenVINO is not installed",
        "this openvino has no cpu",
        "this opencv has no cpu",
        "",
    ],
)
def test_what_every_installation_must_do_is_never_allowed_to_be_skipped(reason):
    assert unexpected([reason], REASONS) == [reason]

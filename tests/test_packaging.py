"""`pip install .` gives the same program as a command."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    if shutil.which("git") is None:
        pytest.skip("git not installed: what belongs to the project is not known")
    # From a copy: setuptools leaves its build folders beside the sources.
    clone = folder / "clone"
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not files:
        pytest.skip("not a git checkout: what belongs to the project is not known")
    for name in files:
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(folder), str(clone)]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_module_the_default_network_and_the_demo_clip(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())

    modules = {str(path.relative_to(ROOT).as_posix()) for path in (ROOT / "deeplab_cv").rglob("*.py")}
    assert modules <= inside
    assert "deeplab_cv/samples/demo.mp4" in inside
    networks = {f"deeplab_cv/models/{path.name}" for path in (ROOT / "models").glob("*.onnx")}
    assert networks <= inside


def test_the_installed_command_is_the_program(wheel, tmp_path):
    target = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--quiet", "--target", str(target), str(wheel)]
    subprocess.run(command, check=True)

    done = subprocess.run(
        [
            sys.executable,
            str(target / "bin" / "deeplab-cv"),
            "--demo",
            "--end",
            "1",
            "--headless",
            "--stats",
            "area.csv",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "area.csv").read_text().splitlines()) > 20

"""`pip install .` gives the same program as a command and as a library."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.metadata import Distribution
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def source_distribution(tmp_path_factory):
    pytest.importorskip("setuptools", minversion="77", reason="building needs setuptools 77 (requirements-dev.txt)")
    if shutil.which("git") is None:
        pytest.skip("git not installed: what belongs to the project is not known")
    # From a copy: setuptools leaves its build folders beside the sources.
    folder = tmp_path_factory.mktemp("sources")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not files:
        pytest.skip("not a git checkout: what belongs to the project is not known")
    for name in files:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    code = "import setuptools.build_meta as build; build.build_sdist('dist')"
    subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, check=True)
    return next((folder / "dist").glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(source_distribution, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    words = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *words, str(source_distribution)], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A new environment with the wheel; what running needs comes from the environment of the tests."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = programs / ("python.exe" if os.name == "nt" else "python")
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--quiet", str(wheel)]
    subprocess.run(command, check=True)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    (Path(site) / "needed.pth").write_text(f"{Path(cv2.__file__).parents[1]}\n")
    return programs


def start(program, *words, folder):
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(program), *words],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_every_module_the_default_network_and_the_demo_clip(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())

    modules = {str(path.relative_to(ROOT).as_posix()) for path in (ROOT / "deeplab_cv").rglob("*.py")}
    assert modules <= inside
    assert "deeplab_cv/samples/demo.mp4" in inside
    networks = {f"deeplab_cv/models/{path.name}" for path in (ROOT / "models").glob("*.onnx")}
    assert networks <= inside


def test_the_wheel_says_that_it_is_typed_and_under_which_licences_code_and_weights_come(wheel):
    inside = {name.partition(".dist-info/")[2] or name for name in zipfile.ZipFile(wheel).namelist()}

    assert "deeplab_cv/py.typed" in inside
    assert {"licenses/LICENSE", "licenses/models/NOTICE", "licenses/models/LICENSE-Apache-2.0"} <= inside


def test_every_requirements_file_is_an_extra_of_its_name(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    metadata = Distribution.at(next(tmp_path.glob("*.dist-info"))).metadata

    files = {path.stem.partition("-")[2] for path in ROOT.glob("requirements-*.txt")}
    assert set(metadata.get_all("Provides-Extra")) == files


def test_the_source_distribution_holds_the_tests_and_what_they_start(source_distribution):
    with tarfile.open(source_distribution) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}

    assert {"app.py", "bootstrap.py", "requirements-dev.lock", "tests/machine/test_installed.py"} <= inside


def test_the_installed_command_paints_the_demo_from_another_folder(environment, tmp_path):
    words = ["--demo", "--end", "0.3", "--headless", "--out", "x.mp4"]
    done = start(environment / "deeplab-cv", *words, folder=tmp_path)

    assert done.returncode == 0, done.stderr
    video = cv2.VideoCapture(str(tmp_path / "x.mp4"))
    assert int(video.get(cv2.CAP_PROP_FRAME_COUNT)) == 9


def test_the_package_itself_is_the_command_too(environment, tmp_path):
    command = start(environment / "deeplab-cv", "--version", folder=tmp_path)
    module = start(environment / "python", "-m", "deeplab_cv", "--version", folder=tmp_path)

    assert module.returncode == 0, module.stderr
    assert module.stdout == command.stdout
    assert "deeplab-cv" in module.stdout


def test_the_import_loads_no_heavy_package(environment, tmp_path):
    heavy = {"cv2", "av", "onnxruntime", "openvino", "torch", "onnx"}
    code = f"import sys, deeplab_cv; print(deeplab_cv.__file__); print(*({heavy} & set(sys.modules)))"
    done = start(environment / "python", "-c", code, folder=tmp_path)

    assert done.returncode == 0, done.stderr
    file, loaded = done.stdout.splitlines()
    assert Path(file).is_relative_to(environment.parent)
    assert loaded == ""


def test_an_installed_program_names_the_packages_that_are_missing(environment, tmp_path):
    code = "from deeplab_cv.machine.installed import how_to_install; print(how_to_install('virtualcam'))"
    done = start(environment / "python", "-c", code, folder=tmp_path)

    assert done.stdout == 'pip install "pyvirtualcam>=0.11"\n'


def test_a_release_leads_the_readme_s_pictures_and_links_to_the_repository(tmp_path):
    (tmp_path / ".ci").mkdir()
    for name in (".ci/publishable.py", "README.md", "pyproject.toml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    words = ["https://example.org/owner/name", "v1.2.3"]
    subprocess.run([sys.executable, tmp_path / ".ci/publishable.py", *words], check=True)

    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", readme)
    assert "https://example.org/owner/name/raw/v1.2.3/docs/demo.png" in links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    assert 'Source = "https://example.org/owner/name"' in (tmp_path / "pyproject.toml").read_text(encoding="utf-8")

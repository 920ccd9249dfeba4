"""bootstrap.py, with a script in the place of the environment's Python: what it would install, run and say."""

import builtins
import os
import subprocess
import sys
import venv
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parent.parent / "bootstrap.py"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows runs no shell script in the place of Python")

RECORDER = """#!/bin/sh
echo "$*" >> "{calls}"
case "$*" in
    *"import cv2"*) [ ! -e "{folder}/no-window" ] || {{ echo "ImportError: libGL.so.1" >&2; exit 1; }};;
    *"-m pip "*) [ ! -e "{folder}/no-network" ] || {{ echo "no route to host" >&2; exit 1; }};;
    *app.py*|*pytest*) exit 7;;
esac
"""


def loaded(**names):
    """bootstrap.py as a module; `names` take the place of Python's own."""
    module = ModuleType("bootstrap")
    module.__file__ = str(FILE)
    module.__dict__["__builtins__"] = {**vars(builtins), **names}
    exec(compile(FILE.read_text(encoding="utf-8"), str(FILE), "exec"), module.__dict__)
    return module


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone whose environment is there, with a Python that notes what it is called with."""
    module = loaded()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    python.write_text(RECORDER.format(calls=tmp_path / "calls", folder=tmp_path))
    python.chmod(0o755)
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-headless.lock"):
        (tmp_path / name).write_text(f"{name} 1\n")
    module.HERE, module.ENVIRONMENT, module.PYTHON = tmp_path, tmp_path / ".venv", python
    return module


def calls(clone):
    """What the environment's Python was called with since the last look, a line each, without the clone's folder."""
    path = clone.HERE / "calls"
    lines = path.read_text().replace(f"{clone.HERE}/", "").splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def installing(lock):
    return f"-m pip --disable-pip-version-check install --no-deps --require-hashes --requirement {lock} --quiet"


def test_the_lock_file_is_installed_by_its_hashes_and_the_words_go_to_the_program(clone):
    assert clone.main(["--video", "my dog.mp4", "--tests"]) == 7

    assert calls(clone) == [
        installing("requirements.lock"),
        "-c import cv2",
        "app.py --video my dog.mp4 --tests",
    ]


def test_with_tests_the_tools_are_installed_and_the_other_words_go_to_pytest(clone):
    assert clone.main(["--tests", "-k", "sound"]) == 7

    assert calls(clone) == [installing("requirements-dev.lock"), "-c import cv2", "-m pytest -k sound"]


def test_what_is_installed_already_is_not_installed_again_until_its_lock_changes(clone):
    clone.main(["--demo"])
    calls(clone)

    clone.main(["--demo"])
    assert calls(clone) == ["-c import cv2", "app.py --demo"]

    (clone.HERE / "requirements.lock").write_text("requirements.lock 2\n")
    clone.main(["--demo"])
    assert calls(clone)[0] == installing("requirements.lock")


def test_without_a_network_the_set_up_ends_in_one_line_and_is_tried_again_the_next_time(clone, capfd):
    (clone.HERE / "no-network").touch()

    assert clone.main(["--demo"]) == 1

    error = capfd.readouterr().err
    assert error.splitlines()[0] == "no route to host"
    assert error.splitlines()[1].startswith("error: the set-up failed: ")
    assert error.endswith("; see the lines above\n")
    assert calls(clone) == [installing("requirements.lock")]

    (clone.HERE / "no-network").unlink()
    assert clone.main(["--demo"]) == 7
    assert calls(clone)[0] == installing("requirements.lock")


def test_where_opencv_cannot_be_loaded_the_one_without_windows_takes_its_place(clone, capsys):
    (clone.HERE / "no-window").touch()

    assert clone.main(["--demo"]) == 7

    headless = installing("requirements-headless.lock").replace("--requirement", "--force-reinstall --requirement")
    assert calls(clone) == [
        installing("requirements.lock"),
        "-c import cv2",
        "-m pip --disable-pip-version-check uninstall --yes opencv-python --quiet",
        headless,
        "app.py --demo",
    ]
    assert "(ImportError: libGL.so.1)" in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["pyvenv.cfg", "bin/python"])
def test_an_environment_that_is_not_whole_is_made_anew(clone, monkeypatch, missing):
    made = []
    python = clone.PYTHON.read_text()

    def create(folder, *, with_pip, clear):
        made.append((folder, with_pip, clear))
        clone.PYTHON.write_text(python)
        clone.PYTHON.chmod(0o755)

    monkeypatch.setattr(venv, "create", create)
    (clone.ENVIRONMENT / missing).unlink()

    assert clone.main(["--demo"]) == 7

    assert made == [(clone.ENVIRONMENT, True, True)]


@pytest.mark.parametrize(
    "failure", [ImportError("ensurepip"), subprocess.CalledProcessError(1, ["ensurepip"]), SystemExit(1)]
)
def test_a_python_without_venv_is_said_with_the_package_that_brings_it(clone, monkeypatch, capsys, failure):
    def create(folder, **options):
        raise failure

    monkeypatch.setattr(venv, "create", create)
    (clone.ENVIRONMENT / "pyvenv.cfg").unlink()

    with pytest.raises(SystemExit) as ended:
        clone.main(["--demo"])

    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: Python has no venv: {sys.executable}; apt install python3.")
    assert error.count("\n") == 1
    assert calls(clone) == []


@pytest.mark.parametrize(
    "failure", [SystemExit(1), subprocess.CalledProcessError(1, ["ensurepip"]), KeyboardInterrupt()]
)
def test_an_environment_that_was_begun_and_has_no_pip_is_made_anew(clone, monkeypatch, failure):
    begun = []

    def create(folder, **options):
        begun.append(folder)
        (clone.ENVIRONMENT / "pyvenv.cfg").touch()
        raise failure

    monkeypatch.setattr(venv, "create", create)
    (clone.ENVIRONMENT / "pyvenv.cfg").unlink()
    for _ in range(2):
        with pytest.raises((SystemExit, KeyboardInterrupt)):
            clone.main(["--demo"])

    assert begun == [clone.ENVIRONMENT] * 2


@pytest.mark.parametrize("version", [(3, 7, 3), (3, 9, 18)])
def test_an_old_python_is_refused_in_one_line_before_anything_is_made(clone, monkeypatch, capsys, version):
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "version", "{}.{}.{} (main)".format(*version))

    assert clone.main(["--demo"]) == 2

    stated = "{}.{}.{}".format(*version)
    assert capsys.readouterr().err == f"error: Python is too old: {stated}; install Python 3.10 or newer\n"
    assert calls(clone) == []


def test_a_python_too_old_for_its_types_can_still_read_it():
    def plain(kind):
        """The type as it was before 3.9, when it could not be subscripted."""
        return type(kind.__name__, (kind,), {"__class_getitem__": None})

    kinds = {kind.__name__: plain(kind) for kind in (list, dict, tuple, set)}

    assert loaded(**kinds).main

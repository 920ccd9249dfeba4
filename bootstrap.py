#!/usr/bin/env python3
"""Sets the program up in a virtual environment of its own, .venv, and starts it: Python 3.10 or newer is all it needs.

  python3 bootstrap.py --demo      any words of app.py
  python3 bootstrap.py --tests     runs the tests

What is installed already is not installed again. Every file that pip takes must have the hash that the lock file
gives. Where OpenCV's window parts cannot be loaded (a server without libGL), the same OpenCV without windows takes
their place.
"""

from __future__ import annotations  # so that an older Python comes as far as saying that it is too old

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main(words: list[str]) -> int:
    """Set up, then run the tests or hand the words over to app.py; returns the exit code."""
    if sys.version_info < (3, 10):
        print(f"error: Python is too old: {sys.version.split()[0]}; install Python 3.10 or newer", file=sys.stderr)
        return 2
    tests = words[:1] == ["--tests"]
    lock = HERE / ("requirements-dev.lock" if tests else "requirements.lock")
    try:
        make_environment()
        install(lock)
        ensure_opencv_loads()
    except subprocess.CalledProcessError as error:
        print(f"error: the set-up failed: {' '.join(map(str, error.cmd))}; see the lines above", file=sys.stderr)
        return 1
    command = [PYTHON, "-m", "pytest", *words[1:]] if tests else [PYTHON, HERE / "app.py", *words]
    return subprocess.run(command, check=False, cwd=HERE if tests else None).returncode


def make_environment() -> None:
    """Make .venv, unless it is there and whole."""
    if PYTHON.exists() and (ENVIRONMENT / "pyvenv.cfg").exists():
        return
    print("making .venv ...", flush=True)
    try:
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
    except BaseException as error:
        # What is there of it has no pip, and is not to be taken for whole the next time.
        (ENVIRONMENT / "pyvenv.cfg").unlink(missing_ok=True)
        if not isinstance(error, (subprocess.CalledProcessError, ImportError, SystemExit)):
            raise
        # Debian ships Python without ensurepip, and its venv ends the program where that is missing.
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        print(f"error: Python has no venv: {sys.executable}; apt install python{version}-venv", file=sys.stderr)
        raise SystemExit(1) from None


def install(lock: Path) -> None:
    """Install the exact files of a lock file, unless that was done."""
    stamp = ENVIRONMENT / f"{lock.name}.installed"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    print(f"installing {lock.name} ...", flush=True)
    install_locked(lock)
    stamp.write_text(digest)


def ensure_opencv_loads() -> None:
    """Take the OpenCV without windows where the one with windows cannot be loaded."""
    tried = subprocess.run([PYTHON, "-c", "import cv2"], capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return
    reason = tried.stderr.strip().splitlines()[-1]
    print(f"OpenCV with windows cannot be loaded here ({reason}); taking the one without.", flush=True)
    print("For windows on Debian or Ubuntu: apt install libgl1 libglib2.0-0 libxcb1, then remove .venv", flush=True)
    pip("uninstall", "--yes", "opencv-python")
    install_locked(HERE / "requirements-headless.lock", "--force-reinstall")


def install_locked(lock: Path, *words: str) -> None:
    """Install what a lock file names and nothing else; a file with another hash is refused."""
    pip("install", "--no-deps", "--require-hashes", *words, "--requirement", str(lock))


def pip(*words: str) -> None:
    """Run pip in .venv, quietly."""
    subprocess.run([PYTHON, "-m", "pip", "--disable-pip-version-check", *words, "--quiet"], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

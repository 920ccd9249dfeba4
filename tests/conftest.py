import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.skips import pytest_configure as pytest_configure

# A shell's background jobs begin with Ctrl-C ignored, those of nohup with the closed terminal, and so would every
# program that the tests start and stop.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A test must not fail because the machine is busy: Hypothesis times each example unless it is told not to.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Linux and macOS look at the first, Windows at the second. HOME stays: pip and git read how they are to work there.
_CACHE_VARIABLES = ("XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA")


def _set_cache(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for variable in _CACHE_VARIABLES:
        monkeypatch.setenv(variable, str(folder))


@pytest.fixture(scope="session", autouse=True)
def cache_of_wider_fixtures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a module or the whole session prepares before any test has a cache of its own."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _set_cache(monkeypatch, tmp_path_factory.mktemp("cache"))
        yield


@pytest.fixture(autouse=True)
def user_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache: empty in each test, and never the one of whoever runs the tests."""
    folder = tmp_path_factory.mktemp("cache")
    _set_cache(monkeypatch, folder)
    return folder


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 200 kB that fills up for real."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small disk: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)

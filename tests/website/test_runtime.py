"""ONNX Runtime Web as npm brings it."""

import shutil
import sys

import pytest

from deeplab_cv.errors import UsageError, UserError
from deeplab_cv.website.runtime import pinned_runtime


def test_every_file_is_there(runtime):
    assert all(path.stat().st_size > 10_000 for path in (*runtime.files, *runtime.files_on_demand))


def test_without_npm_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(UsageError, match="npm fetches"):
        pinned_runtime()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows runs no shell script of this name")
def test_what_npm_says_is_passed_on_and_nothing_is_kept(monkeypatch, tmp_path, user_cache):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nmkdir node_modules\necho 'npm error network down' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(npm))

    with pytest.raises(UserError, match="npm error network down"):
        pinned_runtime()
    assert [path for path in user_cache.rglob("*") if path.is_file()] == []

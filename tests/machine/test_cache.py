import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deeplab_cv.errors import UserError
from deeplab_cv.machine import cache
from deeplab_cv.machine.cache import cache_folder, keep, kept_files, kept_folder, lend_folder, write_cached


@pytest.fixture(autouse=True)
def no_private_folder_yet(monkeypatch):
    monkeypatch.setattr(cache._private, "folder", None)


@pytest.fixture
def in_its_place(tmp_path, monkeypatch):
    """A file where the user's cache should be."""
    file = tmp_path / "file"
    file.touch()
    for variable in ("XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(variable, str(file))
    return file


def write(path: Path) -> None:
    path.write_text("kept")


def test_a_cache_folder_is_made_inside_the_user_s_cache(user_cache):
    folder = cache_folder("graphs")

    assert folder.is_dir()
    assert user_cache in folder.parents
    assert list(folder.iterdir()) == []


def test_a_written_file_is_found_again(user_cache):
    path = write_cached("graphs", "one.onnx", write)
    keep("graphs", "two.onnx", write)

    assert kept_files("graphs", "*.onnx") == [path, path.with_name("two.onnx")]
    assert path.read_text() == "kept"
    assert user_cache in path.parents


def test_a_package_keeps_its_files_in_the_cache_unless_the_user_has_said_where(user_cache, monkeypatch):
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    lend_folder("MPLCONFIGDIR", "matplotlib")
    assert Path(os.environ["MPLCONFIGDIR"]).is_relative_to(user_cache)

    monkeypatch.setenv("MPLCONFIGDIR", "elsewhere")
    lend_folder("MPLCONFIGDIR", "matplotlib")
    assert os.environ["MPLCONFIGDIR"] == "elsewhere"


def test_only_ordinary_files_are_found(user_cache):
    folder = cache_folder("graphs")
    (folder / "folder.onnx").mkdir()
    (folder / "dangling.onnx").symlink_to("nowhere")

    assert kept_files("graphs", "*.onnx") == []


def test_where_the_cache_cannot_be_written_one_line_says_so_and_a_private_folder_takes_its_place(in_its_place, caplog):
    with caplog.at_level(logging.INFO, "deeplab_cv"):
        path = write_cached("graphs", "one.onnx", write)
        other = cache_folder("bench")

    [line] = caplog.messages
    assert str(in_its_place) in line
    assert "cannot be written" in line
    assert path.read_text() == "kept"
    assert kept_files("graphs", "*.onnx") == [path]
    assert other.parent == path.parents[1]
    assert in_its_place not in path.parents


def test_what_only_later_starts_gain_from_is_left_out_without_a_word(in_its_place, caplog):
    keep("engines", "one.json", write)

    assert caplog.messages == []
    assert kept_files("engines", "*.json") == []
    assert kept_folder("engines") is None


def test_a_user_without_a_home_has_a_private_folder(monkeypatch):
    for variable in ("HOME", "XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.delenv(variable, raising=False)
    if sys.platform == "win32":
        pytest.skip("Windows knows every user's folders")
    # A number that no list of users has, as containers are run under.
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 54321)

    assert kept_folder("graphs") is None
    assert write_cached("graphs", "one.onnx", write).read_text() == "kept"


def test_a_full_disk_is_no_reason_to_stop(small_disk, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(small_disk))

    path = write_cached("graphs", "large.onnx", lambda path: path.write_bytes(bytes(10**6)))

    assert path.stat().st_size == 10**6
    assert small_disk not in path.parents


def test_where_nothing_can_be_written_at_all_one_line_says_so(small_disk, in_its_place, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))

    with pytest.raises(UserError, match="TMPDIR") as error:
        write_cached("graphs", "large.onnx", lambda path: path.write_bytes(bytes(10**6)))

    assert "\n" not in str(error.value)


def test_the_private_folder_ends_with_the_process(in_its_place, tmp_path):
    script = "from deeplab_cv.machine.cache import cache_folder; print(cache_folder('graphs'))"
    environment = os.environ | {"TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert str(tmp_path) in done.stdout
    assert not Path(done.stdout.strip()).exists()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_still_being_written_is_not_among_the_files():
    path = write_cached("engines", "one.json", write)
    path.with_name(".two.json.unfinished-1.json").write_text("half")

    assert kept_files("engines", "*.json") == [path]

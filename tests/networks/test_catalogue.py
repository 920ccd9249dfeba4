from pathlib import Path

import pytest

from deeplab_cv.cli import main
from deeplab_cv.machine.folders import cache_folder
from deeplab_cv.networks.catalogue import entries
from tests.tiny_networks import tiny_network, tiny_onnx


def test_every_network_is_listed_with_its_problem(tmp_path: Path) -> None:
    tiny_network(tmp_path, "proven")
    tiny_onnx(tmp_path, "bare")
    changed = tiny_network(tmp_path, "changed")
    changed.write_bytes(changed.read_bytes() + b"\0")

    problems = {entry.file.stem: entry.problem for entry in entries(tmp_path)}

    assert problems == {
        "bare": "no card",
        "changed": "the network is not the one its card describes",
        "proven": None,
    }


def test_the_command_prints_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny_network(tmp_path, "proven")

    assert main(["models", "--folder", str(tmp_path)]) == 0

    printed = capsys.readouterr().out
    assert "proven" in printed
    assert "144x80" in printed


def test_without_a_folder_models_and_the_user_s_cache_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    tiny_network(cache_folder("models"), "mine")

    assert main(["models"]) == 0

    printed = capsys.readouterr().out
    assert "deeplabv3_lite" in printed
    assert "mine" in printed
    assert "0 graphs of one shape, 0 MB" in printed


def test_an_empty_folder_says_how_to_get_a_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--folder", str(tmp_path)]) == 0
    assert "app.py export" in capsys.readouterr().out


def test_a_missing_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--folder", str(tmp_path / "none")]) == 2
    assert "no such folder" in capsys.readouterr().err

from pathlib import Path

import pytest

from deeplab_cv.cli import main
from tests.tiny_networks import tiny_network


def test_an_existing_file_is_not_replaced_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tiny_network(tmp_path)
    before = file.read_bytes()

    assert main(["optimise", str(file), "--out", str(file)]) == 2
    assert "the file exists" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_a_network_without_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimise", str(tiny_network(tmp_path))]) == 0
    assert "nothing to take out" in capsys.readouterr().out


def test_the_file_to_write_is_named_like_a_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimise", str(tiny_network(tmp_path)), "--out", str(tmp_path / "fast.bin")]) == 2

    assert "does not end in .onnx" in capsys.readouterr().err


def test_an_unknown_engine_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tiny_network(tmp_path, resized_pooling=True)

    assert main(["optimise", str(file), "--backend", "abacus"]) == 2

    assert capsys.readouterr().err.startswith("error: unknown backend: abacus; ")


def test_a_network_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimise", str(tmp_path / "gone.onnx")]) == 1

    assert "no such network file" in capsys.readouterr().err

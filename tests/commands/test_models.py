from pathlib import Path

import pytest

from deeplab_cv.cli import main
from deeplab_cv.engines.candidates import Candidate, CandidateResult
from deeplab_cv.engines.remembered import remember
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.cache import cache_folder
from deeplab_cv.networks.network import graph_for
from deeplab_cv.networks.opening import open_network
from tests.engines.variants import with_variant
from tests.tiny_networks import tiny_network, tiny_onnx


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


def test_what_was_timed_on_this_machine_stands_beside_the_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = graph_for(open_network(tiny_network(tmp_path, "timed")), Size(1280, 720))
    winner = Candidate("opencv", "cpu", graph)
    slower = Candidate("openvino", "cpu", graph)
    remember("which is the fastest?", winner, [CandidateResult(winner, ms=1.25), CandidateResult(slower, ms=2.5)])
    tiny_network(tmp_path, "untimed", stride=16)

    assert main(["models", "--folder", str(tmp_path)]) == 0

    printed = capsys.readouterr().out
    assert printed.index("opencv:cpu: 1.2 ms") < printed.index("openvino:cpu: 2.5 ms")
    assert "not timed yet" in printed


def test_a_further_file_stands_with_its_network_and_in_no_row_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "here").mkdir()
    with_variant(tiny_network(tmp_path / "made", "whole"), tmp_path / "here", precision="int8")

    assert main(["models", "--folder", str(tmp_path / "here")]) == 0

    printed = capsys.readouterr().out
    assert "+ int8" in printed
    assert "whole_int8" not in printed


def test_a_network_without_a_card_is_listed_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny_onnx(tmp_path, "bare")

    assert main(["models", "--folder", str(tmp_path)]) == 0

    assert "no card" in capsys.readouterr().out

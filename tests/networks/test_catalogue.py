from pathlib import Path

import pytest

from deeplab_cv.errors import UsageError
from deeplab_cv.networks.card import read_card, write_card
from deeplab_cv.networks.catalogue import entries, refuse_variant
from tests.engines.variants import with_variant
from tests.tiny_networks import tiny_network, tiny_onnx


def test_every_network_is_listed_with_its_problem(tmp_path: Path) -> None:
    tiny_network(tmp_path, "proven")
    tiny_onnx(tmp_path, "bare")
    changed = tiny_network(tmp_path, "changed")
    changed.write_bytes(changed.read_bytes() + b"\0")
    without = tiny_network(tmp_path, "without")
    write_card(read_card(without).model_copy(update={"golden": None}), without)
    tiny_network(tmp_path, "lost").with_name("lost.golden.npz").unlink()
    (tmp_path / "dangling.onnx").symlink_to("nowhere.onnx")

    problems = {entry.file.stem: entry.problem for entry in entries(tmp_path)}

    assert problems == {
        "bare": "no card",
        "changed": "the network is not the one its card describes",
        "lost": "cannot read the golden scores",
        "proven": None,
        "without": "card without proof",
    }


def test_a_network_has_its_size_and_card(tmp_path: Path) -> None:
    file = tiny_network(tmp_path, "proven")

    [entry] = entries(tmp_path)

    assert entry.file == file
    assert entry.megabytes == file.stat().st_size / 1e6
    assert entry.card == read_card(file)


def test_a_further_file_of_a_network_is_no_network_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    with_variant(tiny_network(tmp_path / "made", "whole"), tmp_path, precision="int8")

    assert [entry.file.stem for entry in entries(tmp_path)] == ["whole"]


def test_who_names_a_further_file_of_a_network_is_shown_the_network(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    whole = with_variant(tiny_network(tmp_path / "made", "whole"), tmp_path, precision="int8")
    refuse_variant(whole)
    refuse_variant(tiny_onnx(tmp_path, "bare"))

    with pytest.raises(UsageError, match=f"the int8 form of another network: .*whole_int8.onnx; name {whole}: "):
        refuse_variant(tmp_path / "whole_int8.onnx")


def test_files_that_are_hidden_or_of_another_kind_are_no_networks(tmp_path: Path) -> None:
    for name in (".whole.unfinished-1.onnx", "notes.txt", "whole.onnx.part"):
        (tmp_path / name).touch()

    assert entries(tmp_path) == []

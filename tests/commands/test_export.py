import sys
from pathlib import Path

import pytest

from deeplab_cv.cli import main
from deeplab_cv.networks.card import read_card

LITE = "deeplabv3_lite"


@pytest.mark.parametrize(
    "words",
    [
        [LITE, "--with-aux"],
        [LITE, "--mobile"],
        [LITE, "--torchscript", "--size", "448"],
        [LITE, "--torchscript", "--half"],
        [LITE, "--size", "448", "--half"],
        [LITE, "--size", "448", "--pixels", "96"],
        [LITE, "--random", "--weights", "w.pt"],
        [LITE, "--opset", "10"],
        [LITE, "--pixels", "0"],
        [LITE, "--pixels", "96,wide"],
        [],
    ],
    ids=" ".join,
)
def test_flags_that_do_not_go_together_are_one_line_before_pytorch_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "torch", None)

    assert main(["export", *words]) == 2

    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


class TestWithPyTorch:
    @pytest.fixture(autouse=True)
    def torch(self) -> None:
        pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

    def test_an_existing_file_is_not_replaced_unasked(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "mine.onnx"
        file.write_bytes(b"precious")

        assert main(["export", LITE, "--random", "--out", str(file)]) == 2

        assert "the file exists" in capsys.readouterr().err
        assert file.read_bytes() == b"precious"

    @pytest.mark.parametrize(
        ("words", "ending"),
        [([], ".onnx"), (["--torchscript"], ".pt"), (["--torchscript", "--mobile"], ".ptl")],
    )
    def test_the_file_is_named_as_what_it_is(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], ending: str
    ) -> None:
        assert main(["export", LITE, "--random", *words, "--out", str(tmp_path / "mine.bin")]) == 2

        assert f"does not end in {ending}: " in capsys.readouterr().err

    def test_what_was_written_is_said_and_proven_on_every_engine(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        names, file = tmp_path / "names.txt", tmp_path / "mine.onnx"
        names.write_text("background\ngoat\n")
        words = ["--random", "--pixels", "64", "--half", "--classes", str(names), "--data", "goats", "--out", str(file)]

        assert main(["export", LITE, *words]) == 0

        printed = capsys.readouterr().out
        assert " MB, 2 classes\nproven at 64x64, " in printed
        assert "portable form against the trained network: " in printed
        assert "weights rounded to float16: " in printed
        assert "opencv:cpu" in printed
        assert read_card(file).origin.data == "goats"

import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from deeplab_cv.cli import main
from deeplab_cv.networks.card import read_card

LITE = "deeplabv3_lite"


@pytest.mark.parametrize(
    "words",
    [
        [LITE, "--with-aux"],
        [LITE, "--mobile"],
        [LITE, "--image", "a.jpg"],
        [LITE, "--int8", "--calibrate", "pictures"],
        [LITE, "--torchscript", "--int8"],
        [LITE, "--torchscript", "--calibrate", "pictures"],
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

    @pytest.mark.parametrize("form", [["--pixels", "64"], ["--torchscript"]], ids=["onnx", "torchscript"])
    def test_a_full_disk_is_one_line(
        self, small_disk: Path, capsys: pytest.CaptureFixture[str], form: list[str]
    ) -> None:
        ending = "pt" if "--torchscript" in form else "onnx"

        assert main(["export", LITE, "--random", *form, "--out", str(small_disk / f"net.{ending}")]) == 1

        errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1
        assert errors[0].startswith("error: the disk is full: ")
        assert not list(small_disk.glob("net.*"))

    def test_a_torchscript_file_is_run_on_a_picture_whose_labels_are_written_beside_it(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        picture, file = tmp_path / "in.png", tmp_path / "net.pt"
        cv2.imwrite(str(picture), np.full((44, 60, 3), 99, np.uint8))
        words = [LITE, "--random", "--torchscript", "--image", str(picture), "--out", str(file)]

        assert main(["export", *words]) == 0
        assert main(["export", *words[:-1], str(tmp_path / "net.pt")]) == 2

        printed, error = capsys.readouterr()
        assert "input (1, 3, 48, 64): " in printed
        assert "out (1, 21, 48, 64): " in printed
        assert f"{tmp_path / 'net.png'}: its labels" in printed
        assert cv2.imread(str(tmp_path / "net.png")).shape == (48, 64, 3)
        assert "the file exists" in error

    def test_an_int8_torchscript_says_size_time_and_agreement(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from deeplab_cv.pytorch.exporting import torchscript
        from tests.pytorch.exporting.colours import SaysTheColour

        monkeypatch.setattr(torchscript, "full_network", lambda trained: SaysTheColour().eval())
        for number in range(2):
            cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((40, 60, 3), 99 * number, np.uint8))
        words = ["--random", "--torchscript", "--int8", "--calibrate", str(tmp_path), "--out", str(tmp_path / "i.pt")]

        assert main(["export", LITE, *words]) == 0

        printed = capsys.readouterr().out
        assert re.search(r"float weights: \d+\.\d MB\nwith \w+, 1 other pictures: \d+ ms each, \d+ in float", printed)
        assert re.search(r"labels as in float at [\d.]+% of the pixels, mean IoU with them [01]\.", printed)

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

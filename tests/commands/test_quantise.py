from pathlib import Path

import cv2
import numpy as np
import pytest

from deeplab_cv.cli import main
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.golden import golden_picture
from tests.tiny_networks import tiny_network, tiny_onnx


def pictures_in(folder: Path, count: int) -> Path:
    """A folder of made pictures."""
    folder.mkdir()
    for seed in range(count):
        assert cv2.imwrite(str(folder / f"{seed}.png"), golden_picture(seed, Size(128, 96)))
    return folder


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((5, 5), np.uint8), "differ in size"),
        (np.full((96, 128), 40, np.uint8), "a class the network does not have"),
    ],
)
def test_a_wrong_mask_is_one_line_naming_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mask: np.ndarray, message: str
) -> None:
    file = tiny_network(tmp_path)
    for folder, picture in (("pictures", golden_picture(0, Size(128, 96))), ("masks", mask)):
        (tmp_path / folder).mkdir()
        assert cv2.imwrite(str(tmp_path / folder / "one.png"), picture)

    code = main(["quantise", str(file), "--calibrate", str(tmp_path / "pictures"), "--masks", str(tmp_path / "masks")])

    error = capsys.readouterr().err
    assert code == 1
    assert message in error
    assert "one.png" in error
    assert error.count("\n") == 1


def test_an_int8_form_that_loses_too_much_is_told_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tiny_network(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    pictures = pictures_in(tmp_path / "pictures", 4)

    code = main(["quantise", str(file), "--calibrate", str(pictures), "--max-miou-drop", "-1"])

    printed = capsys.readouterr().out
    assert code == 1
    assert "nothing kept: " in printed
    assert "-1 is allowed" in printed
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_a_few_frames_are_enough_to_judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = pictures_in(tmp_path / "pictures", 5)
    words = ["--calibrate", str(pictures), "--max-miou-drop", "-1", "--frames", "2"]

    assert main(["quantise", str(tiny_network(tmp_path)), *words]) == 1

    assert "nothing kept: " in capsys.readouterr().out


@pytest.mark.parametrize("frames", ["1", "0", "-5"])
def test_too_few_frames_are_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str], frames: str) -> None:
    words = ["--calibrate", str(pictures_in(tmp_path / "pictures", 2)), "--frames", frames]

    assert main(["quantise", str(tiny_network(tmp_path)), *words]) == 2

    assert capsys.readouterr().err.startswith(
        f"error: too few frames to calibrate and to judge with: --frames {frames}"
    )


def test_a_network_without_a_card_is_sent_to_repair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = pictures_in(tmp_path / "pictures", 2)

    code = main(["quantise", str(tiny_onnx(tmp_path, shape=(96, 128))), "--calibrate", str(pictures)])

    assert code == 2
    assert "the network has no card" in capsys.readouterr().err


def test_frames_that_are_not_there_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["quantise", str(tiny_network(tmp_path)), "--calibrate", str(tmp_path / "gone")])

    error = capsys.readouterr().err
    assert code == 1
    assert str(tmp_path / "gone") in error
    assert error.count("\n") == 1

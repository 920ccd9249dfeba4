"""The files that PyTorch's mobile tutorials make."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import NetworkError
from deeplab_cv.pytorch.exporting import torchscript
from deeplab_cv.pytorch.exporting.torchscript import export_torchscript, first_values
from deeplab_cv.pytorch.exporting.weights import random_weights

MOBILE = "deeplabv3_mobilenet_v3_large"


def test_the_tutorial_s_torchscript_takes_400_by_400_and_gives_out(tmp_path: Path) -> None:
    file = tmp_path / "scripted.pt"

    scripted = export_torchscript(random_weights(MOBILE, VOC_CLASSES, seed=1), file, mobile=False)

    out = torch.jit.load(str(file))(scripted.input)["out"]
    assert scripted.input.shape == (1, 3, 400, 400)
    assert out.shape == (1, 21, 400, 400)
    assert scripted.error < 1e-3


def test_a_mobile_file_loads_in_the_mobile_interpreter_and_says_how_it_was_made(tmp_path: Path) -> None:
    file = tmp_path / "lite.ptl"

    scripted = export_torchscript(random_weights("deeplabv3_lite", VOC_CLASSES, seed=1), file, mobile=True)

    assert scripted.remark
    assert scripted.output.shape == (1, 21, 400, 400)
    assert [path.name for path in tmp_path.iterdir()] == ["lite.ptl"]


def test_a_file_that_gives_other_scores_once_it_is_loaded_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = torchscript._load

    def load_wrong(file: Path, *, mobile: bool) -> object:
        module = load(file, mobile=mobile)
        return lambda picture: {"out": module(picture)["out"] + 1}

    monkeypatch.setattr(torchscript, "_load", load_wrong)
    file = tmp_path / "scripted.pt"
    file.write_bytes(b"older")

    with pytest.raises(NetworkError, match="TorchScript is off by"):
        export_torchscript(random_weights("deeplabv3_lite", VOC_CLASSES, seed=1), file, mobile=False)

    assert file.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [file]


def test_first_values_are_in_the_order_of_memory_with_five_digits() -> None:
    scores = torch.arange(8.0).view(1, 2, 2, 2) / 3

    assert first_values(scores, 3) == "0, 0.33333, 0.66667"

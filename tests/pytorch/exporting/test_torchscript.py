"""The files that PyTorch's mobile tutorials make."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.classes import VOC_CLASSES, default_colour
from deeplab_cv.errors import DataError, NetworkError
from deeplab_cv.pytorch.exporting import torchscript
from deeplab_cv.pytorch.exporting.torchscript import export_torchscript, first_values
from deeplab_cv.pytorch.exporting.torchscript_int8 import int8_engines
from deeplab_cv.pytorch.exporting.weights import random_weights
from tests.pytorch.exporting.colours import SaysTheColour

MOBILE = "deeplabv3_mobilenet_v3_large"


def test_the_tutorial_s_torchscript_takes_400_by_400_and_gives_out(tmp_path: Path) -> None:
    file = tmp_path / "scripted.pt"

    scripted = export_torchscript(random_weights(MOBILE, VOC_CLASSES, seed=1), file, mobile=False)

    out = torch.jit.load(str(file))(scripted.input)["out"]
    assert scripted.input.shape == (1, 3, 400, 400)
    assert out.shape == (1, 21, 400, 400)
    assert scripted.error < 1e-3


RED, BLUE = (0, 0, 255), (255, 0, 0)


def test_a_picture_goes_through_the_reloaded_file_and_its_labels_have_the_tutorial_s_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torchscript, "full_network", lambda trained: SaysTheColour().eval())
    picture = np.full((64, 96, 3), 90, np.uint8)
    picture[:30, :40], picture[30:, 50:] = RED, BLUE
    trained = random_weights("deeplabv3_lite", ("background", "person", "sheep"), seed=1)

    scripted = export_torchscript(trained, tmp_path / "a.pt", mobile=False, picture=picture)

    expected = np.zeros_like(picture)
    expected[:30, :40], expected[30:, 50:] = RED, BLUE
    assert scripted.input.shape == (1, 3, 64, 96)
    assert np.array_equal(scripted.painted, expected)


def test_a_phone_s_photo_is_made_smaller_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchscript, "full_network", lambda trained: SaysTheColour().eval())
    trained = random_weights("deeplabv3_lite", ("background", "goat", "kid"), seed=1)
    photo = np.full((3000, 2000, 3), RED, np.uint8)

    scripted = export_torchscript(trained, tmp_path / "a.pt", mobile=False, picture=photo)

    assert scripted.painted.shape == (1024, 688, 3)
    # A network that has none of the tutorial's classes is painted in colours of its own.
    assert tuple(scripted.painted[0, 0, ::-1]) == default_colour("goat")


def test_an_int8_file_loads_and_is_compared_with_float_on_pictures_it_was_not_fitted_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torchscript, "full_network", lambda trained: SaysTheColour().eval())
    trained = random_weights("deeplabv3_lite", ("background", "person", "sheep"), seed=1)
    pictures = [np.random.default_rng(seed).integers(0, 255, (60, 80, 3), np.uint8) for seed in range(3)]
    done: list[None] = []

    scripted = export_torchscript(
        trained, tmp_path / "i.pt", mobile=False, int8_pictures=pictures, progress=lambda: done.append(None)
    )

    assert torch.jit.load(str(tmp_path / "i.pt"))(scripted.input)["out"].shape == (1, 3, 400, 400)
    assert tuple(scripted.against_float) == int8_engines()
    assert scripted.against_float[int8_engines()[0]].agreement > 0.9
    assert len(done) == 2 + len(int8_engines())


def test_one_picture_cannot_both_calibrate_and_judge(tmp_path: Path) -> None:
    trained = random_weights("deeplabv3_lite", VOC_CLASSES, seed=1)

    with pytest.raises(DataError, match="too few pictures to calibrate and to judge with: 1"):
        export_torchscript(trained, tmp_path / "i.pt", mobile=False, int8_pictures=[np.zeros((9, 9, 3), np.uint8)])

    assert list(tmp_path.iterdir()) == []


def test_a_mobile_file_loads_in_the_mobile_interpreter_and_says_how_it_was_made(tmp_path: Path) -> None:
    file = tmp_path / "lite.ptl"

    scripted = export_torchscript(random_weights("deeplabv3_lite", VOC_CLASSES, seed=1), file, mobile=True)

    assert scripted.remark
    assert scripted.output.shape == (1, 21, 400, 400)
    assert [path.name for path in tmp_path.iterdir()] == ["lite.ptl"]


class Padded(torch.nn.Module):
    """Adds an edge, and takes it off again."""

    def __init__(self) -> None:
        super().__init__()
        self.edge = [1, 1, 1, 1]

    def forward(self, picture: torch.Tensor) -> dict[str, torch.Tensor]:
        """The picture itself."""
        return {"out": torch.nn.functional.pad(picture, self.edge)[:, :, 1:-1, 1:-1]}


def test_a_list_that_lies_where_a_function_of_torch_s_lay_is_no_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Padded().eval()
    monkeypatch.setattr(torchscript, "full_network", lambda trained: network)
    monkeypatch.setitem(torch.jit._builtins._get_builtin_table(), id(network.edge), "aten::gone")

    scripted = export_torchscript(
        random_weights("deeplabv3_lite", VOC_CLASSES, seed=1), tmp_path / "a.pt", mobile=False
    )

    assert scripted.error == 0


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

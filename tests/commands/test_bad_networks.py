"""Files that are no networks, through every command that takes one: one line, nothing run, nothing written."""

import pickle
from collections.abc import Sequence
from pathlib import Path

import cv2
import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.cli import main
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.golden import golden_picture
from deeplab_cv.pytorch.architectures import build_network
from deeplab_cv.pytorch.checkpoint import CheckpointFacts, save_checkpoint
from tests.tiny_networks import tiny_network, tiny_onnx

LRASPP = "lraspp_mobilenet_v3_large"
TOLD = ["--classes", "voc", "--mean", "0,0,0", "--std", "1,1,1", "--order", "rgb"]
COMMANDS: dict[str, Sequence[str]] = {
    "verify": ["verify", "FILE.onnx"],
    "repair": ["repair", "FILE.onnx", "--out", "good.onnx", "--overwrite", *TOLD],
    "optimise": ["optimise", "FILE.onnx"],
    "quantise": ["quantise", "FILE.onnx", "--calibrate", "pictures"],
    "run": ["--model", "FILE.onnx", "--image", "pictures", "--out", "good.png", "--headless"],
    "export checkpoint": ["export", "FILE.pt", "--out", "good.onnx", "--overwrite"],
    "export weights": ["export", LRASPP, "--weights", "FILE.pt", "--out", "good.onnx", "--overwrite"],
    "verify checkpoint": ["verify", "good.onnx", "--backend", "onnxruntime:cpu", "--checkpoint", "FILE.pt"],
}


class Code:
    """Writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("run"),))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a good network and a picture, which must stay as they are."""
    tiny_network(tmp_path, "good")
    (tmp_path / "pictures").mkdir()
    for name in ("good.png", "pictures/one.png", "pictures/two.png"):
        assert cv2.imwrite(str(tmp_path / name), golden_picture(0, Size(128, 96)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def truncated(path: Path) -> None:
    if path.suffix == ".pt":
        torch.save(build_network(LRASPP, 21).state_dict(), path)
    else:
        path.write_bytes(tiny_onnx(path.parent, shape=(96, 128)).read_bytes())
    path.write_bytes(path.read_bytes()[:-40])


def with_code(path: Path) -> None:
    path.write_bytes(pickle.dumps({"model": Code()}))


def with_code_in_a_zip(path: Path) -> None:
    torch.save({"facts": {}, "network": Code()}, path)


def no_network(path: Path) -> None:
    path.write_text("no network\n")


def three_gigabytes(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 * 2**30)


def missing(path: Path) -> None:
    assert not path.exists()


@pytest.mark.parametrize("bad", [truncated, with_code, with_code_in_a_zip, no_network, three_gigabytes, missing])
@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_one_line_and_nothing_is_run_or_written(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str, bad: object
) -> None:
    assert callable(bad)
    words = [word.replace("FILE", "bad") for word in COMMANDS[command]]
    bad(folder / next(word for word in words if word.startswith("bad.")))
    before = contents(folder)

    code = main(words)

    assert code == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert contents(folder) == before


def test_repair_asks_nothing_about_a_file_that_it_cannot_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    no_network(folder / "bad.onnx")

    assert main(["repair", "bad.onnx"]) == 1

    assert capsys.readouterr().err.startswith("error: not a whole ONNX network: bad.onnx (")


def test_weights_for_another_class_count_are_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(build_network(LRASPP, 5).state_dict(), folder / "five.pth")
    before = contents(folder)

    code = main(["export", LRASPP, "--weights", "five.pth", "--out", "good.onnx", "--overwrite"])

    assert code == 1
    assert capsys.readouterr().err.startswith("error: the weights are for 5 classes, not 21: five.pth; ")
    assert contents(folder) == before


def test_a_checkpoint_whose_facts_tell_another_class_count_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = CheckpointFacts(LRASPP, ("nothing", "cat", "dog"), pixels=96, step=1, minutes=1, seed=0, command="")
    save_checkpoint(folder / "three.pt", facts, build_network(LRASPP, 21).state_dict())
    before = contents(folder)

    code = main(["export", "three.pt", "--out", "good.onnx", "--overwrite"])

    error = capsys.readouterr().err
    assert code == 1
    assert error.count("\n") == 1
    assert "the weights are not those" in error
    assert contents(folder) == before


def contents(folder: Path) -> dict[str, bytes | int]:
    """Every file by its path; of large ones the size alone."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): path.stat().st_size if path.stat().st_size > 2**26 else path.read_bytes()
        for path in files
    }

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.cli import main
from tests.tools.data.datasets import write_voc

SMALL = ["--batch-size", "4", "--crop-pixels", "64", "--val-pixels", "64", "--workers", "0", "--from-scratch"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three pictures of background, dog and sheep, with the file that names these."""
    folder = write_voc(tmp_path / "voc", train=2, val=1)
    (folder / "names.txt").write_text("background\ndog\nsheep\n", encoding="utf-8")
    return folder


def train(data: Path, *words: str) -> int:
    """Run the command; its exit code."""
    names = ["--classes", str(data / "names.txt")] if "--classes" not in words else []
    return main(["train", "--data", str(data), "--out", str(data.parent / "run"), *names, *SMALL, *words])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--steps", "0"], "a value must be above 0: --steps 0"),
        (["--minutes", "-1"], "a value must be above 0: --minutes -1.0"),
        (["--steps", "1", "--learning-rate", "0"], "a value must be above 0: --learning-rate 0.0"),
        (["--steps", "1", "--crop-pixels", "0"], "a value must be above 0: --crop-pixels 0"),
        (["--steps", "1", "--val-count", "0"], "a value must be above 0: --val-count 0"),
        (["--steps", "1", "--threads", "0"], "a value must be above 0: --threads 0"),
        (["--steps", "1", "--resume"], "nothing to resume"),
        (["--steps", "1", "--val-lists", "train"], "a picture is on the training and the validation list: p0"),
        (["--steps", "1", "--train-lists", "none"], "list 'none' is missing"),
        (["--steps", "1", "--teacher", "none.onnx"], "cannot read the teacher: none.onnx"),
        (["--steps", "1", "--val-lists", "empty"], "list 'empty' is empty"),
        (["--steps", "1", "--only", "dog"], "--only keeps what an earlier network sees"),
        (["--steps", "1", "--classes", "twice.txt"], "class names must be all different: twice.txt"),
        (["--steps", "1", "--classes", "gone.txt"], "cannot read the class names: gone.txt"),
        (["--steps", "1", "--minutes", "1"], "not allowed with argument"),
        ([], "something is missing: --minutes or --steps"),
    ],
)
def test_wrong_use_is_one_line(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (data / "ImageSets" / "Segmentation" / "empty.txt").touch()
    (tmp_path / "twice.txt").write_text("background\ndog\ndog\n")

    assert train(data, *words) in (1, 2)

    error = capfd.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_at_the_end_it_is_said_where_the_network_lies(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(data, "--steps", "1") == 0

    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("mIoU 0.")
    assert last.endswith(f" after 1 steps: {data.parent / 'run' / 'network.pt'}")

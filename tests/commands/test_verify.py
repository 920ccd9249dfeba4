import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.cli import main
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.golden import golden_key
from tests.tiny_networks import tiny_network, tiny_onnx

LRASPP = "lraspp_mobilenet_v3_large"
ONE_SHAPE = ((96, 128),)


def test_pytorch_and_torchscript_are_compared_with_the_file_exported_from_the_same_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")
    from deeplab_cv.pytorch.architectures import build_network
    from deeplab_cv.pytorch.exporting.torchscript import export_torchscript
    from deeplab_cv.pytorch.exporting.weights import weights_file

    weights, file = tmp_path / "weights.pth", tmp_path / "net.onnx"
    torch.save(build_network(LRASPP, 21).state_dict(), weights)
    assert main(["export", LRASPP, "--weights", str(weights), "--pixels", "96", "--out", str(file)]) == 0
    trained = weights_file(LRASPP, weights, VOC_CLASSES)
    export_torchscript(trained, tmp_path / "net.torchscript.pt", mobile=False)
    report = tmp_path / "report.json"

    command = ["verify", str(file), "--backend", "onnxruntime:cpu", "--checkpoint", str(weights), "--json", str(report)]
    code = main(command)

    rows = json.loads(report.read_text())
    assert code == 0, capsys.readouterr().out
    assert {row["backend"] for row in rows} == {"torchscript", "onnxruntime:cpu"}
    assert {row["reference"] for row in rows} == {"card", "pytorch"}


def test_the_command_prints_a_table_writes_json_and_succeeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, report = tiny_network(tmp_path, shapes=ONE_SHAPE), tmp_path / "report.json"

    code = main(["verify", str(file), "--backend", "onnxruntime:cpu", "--json", str(report)])

    assert code == 0
    printed = capsys.readouterr().out
    assert "128x96" in printed
    assert "input (1, 3, 96, 128): " in printed
    rows = json.loads(report.read_text())
    assert {row["sample"] for row in rows} == {"golden", "made"}
    assert [row["shape"] for row in rows] == [[96, 128], [96, 128]]


def test_the_command_fails_where_an_engine_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tiny_network(tmp_path, shapes=ONE_SHAPE)
    with (tmp_path / "tiny.golden.npz").open("wb") as golden:
        np.savez(golden, allow_pickle=False, **{golden_key(Size(128, 96)): np.ones((21, 12, 16), np.float16)})

    code = main(["verify", str(file), "--backend", "onnxruntime:cpu"])

    assert code == 1
    assert "wrong: onnxruntime:cpu at 128x96, golden" in capsys.readouterr().out


def test_pictures_that_are_named_are_tried_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, report = tiny_network(tmp_path, shapes=ONE_SHAPE), tmp_path / "report.json"
    for name in ("one.png", "two.png"):
        assert cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), (0, 0, 255), np.uint8))
    words = ["--backend", "onnxruntime:cpu", "--pictures", str(tmp_path / "*.png"), "--json", str(report)]

    assert main(["verify", str(file), *words]) == 0

    samples = [row["sample"] for row in json.loads(report.read_text())]
    assert samples == ["golden", "made", "one.png", "two.png"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["gone.onnx"], 1, "no such network file: gone.onnx"),
        (["tiny.onnx", "--backend", "abacus"], 2, "unknown backend: abacus"),
        (["tiny.onnx", "--pictures", "gone/*.png"], 1, "gone"),
        (["tiny.onnx", "--mean", "1,1,1"], 2, "are for networks without a card"),
        (["bare.onnx"], 2, "the network leaves its input size open"),
    ],
)
def test_what_cannot_be_proven_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_network(tmp_path)
    tiny_onnx(tmp_path, "bare")

    assert main(["verify", *words]) == code

    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1

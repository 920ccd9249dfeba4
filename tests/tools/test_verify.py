import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.cli import main
from deeplab_cv.errors import NetworkError
from deeplab_cv.networks.card import Card, read_card
from deeplab_cv.networks.golden import golden_key
from deeplab_cv.networks.opening import open_network
from deeplab_cv.pytorch.architectures import build_network
from deeplab_cv.pytorch.exporting.torchscript import export_torchscript
from deeplab_cv.pytorch.exporting.weights import weights_file
from deeplab_cv.pytorch.torch_scores import load_scripted
from deeplab_cv.tools.verify import Finding, verify
from tests.tiny_networks import tiny_network

LRASPP = "lraspp_mobilenet_v3_large"
ONE_SHAPE = ((96, 128),)


def findings_of(file: Path, backend: str = "onnxruntime:cpu") -> list[Finding]:
    picture = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    return list(verify(open_network(file), backend, [("noise.png", picture)]))


def test_every_engine_is_tried_on_golden_made_and_given_pictures(tmp_path: Path) -> None:
    findings = findings_of(tiny_network(tmp_path, shapes=ONE_SHAPE), "auto")

    assert {"onnxruntime:cpu", "opencv:cpu"} <= {finding.backend for finding in findings}
    assert {finding.sample for finding in findings} >= {"golden", "made", "noise.png"}
    assert [finding.fault for finding in findings if finding.precision == "float32"] == [""] * sum(
        finding.precision == "float32" for finding in findings
    )


def test_every_proven_shape_is_tried(tmp_path: Path) -> None:
    file = tiny_network(tmp_path)

    assert {finding.shape for finding in findings_of(file)} == set(read_card(file).shapes)


def test_scores_unlike_the_golden_ones_are_a_fault(tmp_path: Path) -> None:
    file = tiny_network(tmp_path, shapes=ONE_SHAPE)
    card = read_card(file)
    spoil_golden(card, tmp_path)

    faults = {finding.sample: finding.fault for finding in findings_of(file)}

    assert "is allowed" in faults["golden"]
    assert faults["made"] == ""


def test_what_opencv_fuses_wrongly_is_found(tmp_path: Path) -> None:
    file = tiny_network(tmp_path, shapes=ONE_SHAPE, squeezed=True)

    assert any(finding.fault for finding in findings_of(file, "opencv:cpu"))


def test_another_way_to_compute_is_the_reference_when_given(tmp_path: Path) -> None:
    file = tiny_network(tmp_path, shapes=ONE_SHAPE)
    network = open_network(file)

    findings = list(verify(network, "onnxruntime:cpu", [], lambda blob: np.zeros((21, 12, 16), np.float32)))

    made = next(finding for finding in findings if finding.sample == "made")
    assert made.reference == "pytorch"
    assert made.fault


def test_a_precision_that_the_card_does_not_name_is_left_out_not_wrong(tmp_path: Path) -> None:
    file = tiny_network(tmp_path, shapes=ONE_SHAPE, tolerance={"float32": 1e-3})

    findings = findings_of(file, "openvino")

    assert [finding.fault for finding in findings if finding.fault] == []
    assert all(finding.left_out for finding in findings if finding.precision not in {"float32", "int8"})


def test_pytorch_and_torchscript_are_compared_with_the_file_exported_from_the_same_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
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
    assert {row["sample"] for row in json.loads(report.read_text())} == {"golden", "made"}


def test_the_command_fails_where_an_engine_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tiny_network(tmp_path, shapes=ONE_SHAPE)
    spoil_golden(read_card(file), tmp_path)

    code = main(["verify", str(file), "--backend", "onnxruntime:cpu"])

    assert code == 1
    assert "wrong: onnxruntime:cpu at 128x96, golden" in capsys.readouterr().out


def test_a_broken_torchscript_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.torchscript.pt"
    path.write_bytes(b"PK no module")

    with pytest.raises(NetworkError, match="not a whole TorchScript file"):
        load_scripted(path)


def spoil_golden(card: Card, folder: Path) -> None:
    assert card.golden is not None
    spoiled = {golden_key(shape): np.ones((21, 12, 16), np.float16) for shape in card.shapes}
    with (folder / card.golden.file).open("wb") as file:
        np.savez(file, allow_pickle=False, **spoiled)

from pathlib import Path

import numpy as np

from deeplab_cv.networks.card import Card, read_card
from deeplab_cv.networks.golden import golden_key
from deeplab_cv.networks.opening import open_network
from deeplab_cv.tools.verify import Finding, verify
from tests.tiny_networks import tiny_network

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

    assert {finding.input_size for finding in findings_of(file)} == set(read_card(file).input_sizes)


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

    findings = list(
        verify(network, "onnxruntime:cpu", [], torch_scores=lambda blob: np.zeros((21, 12, 16), np.float32))
    )

    made = next(finding for finding in findings if finding.sample == "made")
    assert made.reference == "pytorch"
    assert made.fault


def test_a_precision_that_the_card_does_not_name_is_left_out_not_wrong(tmp_path: Path) -> None:
    file = tiny_network(tmp_path, shapes=ONE_SHAPE, tolerance={"float32": 1e-3})

    findings = findings_of(file, "openvino")

    assert [finding.fault for finding in findings if finding.fault] == []
    assert all(finding.left_out for finding in findings if finding.precision not in {"float32", "int8"})


def spoil_golden(card: Card, folder: Path) -> None:
    assert card.golden is not None
    spoiled = {golden_key(size): np.ones((21, 12, 16), np.float16) for size in card.input_sizes}
    with (folder / card.golden.file).open("wb") as file:
        np.savez(file, allow_pickle=False, **spoiled)

import dataclasses
import json
from pathlib import Path

import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.networks.opening import open_network
from deeplab_cv.tools.verify import Finding
from deeplab_cv.tools.verify_report import print_findings, write_findings
from tests.tiny_networks import tiny_network

RIGHT = Finding(
    "opencv:cpu",
    "float32",
    Size(128, 96),
    "made",
    "onnxruntime:cpu",
    max_error=1e-6,
    mean_error=1e-7,
    equal_labels=1.0,
    miou=1.0,
    ms=4.25,
    first_values=(1.5, -2.0),
)


@pytest.fixture
def printed(tmp_path, capsys):
    """What is printed for these findings of the tiny network."""
    network = open_network(tiny_network(tmp_path))

    def show(*findings):
        print_findings(network, findings)
        return capsys.readouterr().out

    return show


def row_of(text, backend):
    [row] = [line for line in text.splitlines() if f" {backend} " in line and "│" in line]
    return [cell.strip() for cell in row.split("│")]


def test_an_engine_s_row_holds_the_worst_of_its_samples(printed):
    worse = dataclasses.replace(RIGHT, sample="dog.jpg", max_error=3e-4, equal_labels=0.9876, miou=0.95, ms=9.0)

    row = row_of(printed(RIGHT, worse), "opencv:cpu")

    assert row[1:-1] == ["128x96", "opencv:cpu", "float32", "3.0e-04", "1.0e-07", "98.76%", "0.9500", "4.2", "right"]


def test_labels_are_not_judged_by_golden_scores_where_there_are_exact_ones(printed):
    golden = dataclasses.replace(RIGHT, sample="golden", equal_labels=0.97)

    assert "100.00%" in row_of(printed(golden, RIGHT), "opencv:cpu")
    assert "97.00%" in row_of(printed(golden), "opencv:cpu")


def test_what_is_wrong_is_said_with_its_place(printed):
    wrong = dataclasses.replace(RIGHT, fault="off by 0.4, where 0.001 is allowed")

    text = printed(RIGHT, wrong)

    assert row_of(text, "opencv:cpu")[-2] == "wrong"
    assert "wrong: opencv:cpu at 128x96, made: off by 0.4, where 0.001 is allowed" in text


def test_an_engine_that_did_not_load_has_no_figures(printed):
    refused = Finding("openvino:gpu", "", Size(128, 96), "", "", fault="no such device")

    text = printed(RIGHT, refused)

    assert row_of(text, "openvino:gpu")[4:-2] == [""] * 5
    assert "wrong: openvino:gpu at 128x96, loading: no such device" in text


def test_what_the_card_leaves_out_is_said_once_for_all_shapes(printed):
    left = [
        Finding("openvino:cpu_bf16", "bfloat16", size, "", "", left_out="bfloat16 is not allowed")
        for size in (Size(128, 96), Size(144, 80))
    ]

    text = printed(RIGHT, *left)

    assert text.count("left out: openvino:cpu_bf16: bfloat16 is not allowed by the card") == 1


def test_first_values_of_input_and_scores_stand_below_for_comparing_by_hand(printed):
    text = printed(RIGHT, dataclasses.replace(RIGHT, backend="openvino:cpu", first_values=(1.5, -2.0001)))

    assert "input (1, 3, 96, 128): " in text
    assert "output of opencv:cpu: 1.5, -2 ..." in text
    assert "output of openvino:cpu: 1.5, -2.0001 ..." in text


def test_the_json_holds_every_figure_of_every_finding(tmp_path: Path):
    path = tmp_path / "report.json"
    path.write_text("older")

    write_findings(path, [RIGHT, dataclasses.replace(RIGHT, fault="wrong")])

    rows = json.loads(path.read_text())
    figures = json.loads(json.dumps(dataclasses.asdict(RIGHT)))
    del figures["input_size"]
    assert rows[0] == figures | {"shape": [96, 128]}
    assert rows[1]["fault"] == "wrong"
    assert list(tmp_path.iterdir()) == [path]

import pytest

from deeplab_cv.networks.card import Variant
from deeplab_cv.networks.opening import open_network
from deeplab_cv.tools.engine_times import EngineTimes
from deeplab_cv.tools.quantise import FLOAT, INT8, Quantised
from deeplab_cv.tools.quantising.judge import JudgedInt8
from deeplab_cv.tools.quantising.verdict import print_quantised
from tests.tiny_networks import tiny_network

JUDGED = (JudgedInt8(0, 0.81234, 0.95, None), JudgedInt8(4, 0.98765, 0.9987, None))
VARIANT = Variant(file="tiny.int8.onnx", sha256="0" * 64, precision="int8", engines=("openvino", "onnxruntime"))


@pytest.fixture
def printed(tmp_path, capsys):
    """What is printed of an int8 form that may lose 0.01."""
    network = open_network(tiny_network(tmp_path))
    (tmp_path / "tiny.int8.onnx").write_bytes(b"x" * 500_000)

    def show(judged, **facts):
        print_quantised(network, Quantised(judged, **facts), 0.01)
        return capsys.readouterr().out

    return show


def test_every_form_that_was_tried_has_a_row(printed):
    text = printed(JUDGED)

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│")]
    assert rows == [["0", "95.00%", "0.8123", "no masks"], ["4", "99.87%", "0.9877", "no masks"]]


def test_where_too_much_is_lost_the_least_loss_stands_beside_what_is_allowed(printed):
    assert "nothing kept: 0.0123 of mean IoU lost at best, 0.01 is allowed" in printed(JUDGED)


def test_with_masks_both_networks_stand_beside_the_truth(printed):
    assert "0.8000, 0.7512" in printed((JudgedInt8(0, 0.9, 0.9, (0.8, 0.7512)),))


def test_times_and_gains_of_each_engine_and_why_one_refuses(printed):
    times = (
        EngineTimes("openvino:cpu", ms={FLOAT: 20.0, INT8: 8.0}),
        EngineTimes("opencv:cpu", ms={FLOAT: 30.0}, refused={INT8: "scores are [wrong]"}),
    )

    text = printed(JUDGED, times=times)

    [fast] = [line for line in text.splitlines() if "openvino:cpu" in line]
    assert [cell.strip() for cell in fast.split("│")[1:-1]] == ["openvino:cpu", "20.0", "8.0", "2.50"]
    assert "scores are [wrong]" in text
    assert "nothing kept: no engine is faster with it on this machine" in text


def test_what_was_kept_is_named_with_its_size_and_engines(printed, tmp_path):
    times = (EngineTimes("openvino:cpu", ms={FLOAT: 20.0, INT8: 8.0}),)

    text = printed(JUDGED, times=times, variant=VARIANT)

    assert f"{tmp_path / 'tiny.int8.onnx'}: 0.0 MB -> 0.5 MB, for openvino, onnxruntime" in text

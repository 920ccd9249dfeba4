from pathlib import Path

import numpy as np
import pytest

from deeplab_cv.errors import DataError
from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash
from deeplab_cv.networks.card import read_card
from deeplab_cv.networks.golden import golden_picture
from deeplab_cv.networks.opening import open_network
from deeplab_cv.tools import quantise as quantise_module
from deeplab_cv.tools.engine_times import EngineTimes
from deeplab_cv.tools.quantise import FLOAT, INT8, gaining_engines, quantise
from tests.tiny_networks import tiny_network


def made_pictures(count: int) -> list[tuple[str, Image]]:
    return [(f"{seed}.png", golden_picture(seed, Size(128, 96))) for seed in range(count)]


def test_an_int8_file_that_is_kept_stands_on_the_card_with_its_engines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How much int8 gains is the machine's affair.
    monkeypatch.setattr(quantise_module, "WORTH", 0.0)
    network = tiny_network(tmp_path)

    quantised = quantise(open_network(network), made_pictures(8), {}, max_miou_drop=1.0, reduce_range=False)

    right = {engine.backend.partition(":")[0] for engine in quantised.times if INT8 in engine.ms}
    assert quantised.variant is not None
    assert read_card(network).variants == (quantised.variant,)
    assert set(quantised.variant.engines) == right
    assert file_hash(network.with_name(quantised.variant.file)) == quantised.variant.sha256


def test_an_int8_file_that_no_engine_gains_by_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantise_module, "WORTH", float("inf"))
    file = tiny_network(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    quantised = quantise(open_network(file), made_pictures(4), {}, max_miou_drop=1.0, reduce_range=False)

    assert quantised.variant is None
    assert quantised.times
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_only_engines_that_are_right_and_faster_with_int8_take_it() -> None:
    times = [
        EngineTimes("openvino:cpu", ms={FLOAT: 20.0, INT8: 8.0}),
        EngineTimes("onnxruntime:cpu", ms={FLOAT: 20.0, INT8: 19.9}),
        EngineTimes("opencv:cpu", ms={FLOAT: 20.0}, refused={INT8: "wrong"}),
        EngineTimes("opencv:cpu_new", ms={FLOAT: 20.0, INT8: 40.0}),
    ]

    assert gaining_engines(times) == ("openvino",)
    assert gaining_engines(times[1:]) == ()


def test_labels_that_differ_too_much_leave_everything_as_it_was(tmp_path: Path) -> None:
    file = tiny_network(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    quantised = quantise(open_network(file), made_pictures(6), {}, max_miou_drop=-1.0, reduce_range=False)

    assert quantised.variant is None
    assert [judged.left_float for judged in quantised.judged] == [0, 4, 12]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_masks_bring_the_truth_into_the_judgement(tmp_path: Path) -> None:
    file = tiny_network(tmp_path)
    pictures = made_pictures(6)
    masks = {name: np.zeros((96, 128), np.uint8) for name, _ in pictures}

    quantised = quantise(open_network(file), pictures, masks, max_miou_drop=-2.0, reduce_range=True)

    truth = quantised.judged[0].truth
    assert truth is not None
    assert all(0 <= miou <= 1 for miou in truth)


def test_one_picture_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too few pictures"):
        quantise(open_network(tiny_network(tmp_path)), made_pictures(1), {}, 0.1, reduce_range=False)

import dataclasses
from pathlib import Path

import pytest

from deeplab_cv.bench import engines
from deeplab_cv.bench.engines import measure
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import EngineError, UsageError
from deeplab_cv.machine.processor import usable_cores
from deeplab_cv.networks.options import NetworkOptions
from tests.bench.plans import plan_of
from tests.endless_networks import endless_network
from tests.tiny_networks import tiny_network, tiny_onnx


def plan(network, backend="opencv:cpu"):
    asked = NetworkOptions(model=str(network) if network else None)
    return dataclasses.replace(plan_of(Path("clip.mp4"), EngineOptions(backend=backend)), network=asked, rounds=1)


def test_there_is_a_row_for_each_input_and_number_of_threads_the_fastest_first(tmp_path):
    part = measure(plan(tiny_network(tmp_path, shapes=((80, 144), (96, 128)))))

    assert {row["input"] for row in part.rows} == {"144x80", "128x96"}
    assert {row["threads"] for row in part.rows} == {1, usable_cores()}
    for size in ("144x80", "128x96"):
        rates = [row["frames/s"] for row in part.rows if row["input"] == size]
        assert rates == sorted(rates, reverse=True)
        assert rates[-1] > 0
    assert {row["engine"] for row in part.rows} == {"opencv:cpu"}


def test_an_engine_that_takes_several_tensors_has_a_row_for_two_in_flight(tmp_path):
    part = measure(plan(tiny_network(tmp_path, shapes=((80, 144),)), "openvino:cpu"))

    assert {row["in flight"] for row in part.rows} == {1, 2}


def test_no_more_than_three_inputs_of_a_network_are_measured(tmp_path):
    part = measure(plan(tiny_network(tmp_path)))

    assert {row["input"] for row in part.rows} == {"128x128", "128x96", "144x80"}


def test_without_a_name_every_network_in_models_that_can_be_proven_is_measured(tmp_path, monkeypatch):
    for name in ("wide", "narrow"):
        tiny_network(tmp_path, name, shapes=((80, 144),))
    tiny_onnx(tmp_path, "bare", shape=(80, 144))
    monkeypatch.setattr(engines, "models_folder", lambda: tmp_path)

    assert {row["network"] for row in measure(plan(None)).rows} == {"wide", "narrow"}


def test_a_network_that_ends_every_engine_is_an_error_and_no_crash(tmp_path):
    with pytest.raises(EngineError, match=r"cannot (be run|run the network)"):
        measure(plan(endless_network(tmp_path)))


def test_an_unknown_engine_is_wrong_use(tmp_path):
    with pytest.raises(UsageError, match="unknown backend: abacus"):
        measure(plan(tiny_network(tmp_path), "abacus"))

import dataclasses

import pytest

from deeplab_cv.bench.starting import measure
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import EngineError
from deeplab_cv.networks.options import NetworkOptions
from tests.bench.plans import plan_of
from tests.sources.clips import write_scenes
from tests.tiny_networks import tiny_network


@pytest.fixture
def plan(tmp_path):
    clip = write_scenes(tmp_path / "clip.mp4", 2)
    network = NetworkOptions(model=str(tiny_network(tmp_path)))
    return dataclasses.replace(plan_of(clip, EngineOptions(backend="opencv:cpu")), network=network, rounds=1)


def test_the_first_mask_is_waited_for_with_an_empty_cache_and_with_a_full_one(plan, user_cache):
    part = measure(plan)

    assert [row["start"] for row in part.rows] == [
        "first mask, cold: every engine is tried",
        "first mask, warm",
        "--help",
    ]
    assert all(row["seconds"].median > 0 for row in part.rows)
    # The program's own cache is a folder of the measurement's, so that cold is cold.
    assert not list(user_cache.rglob("*.onnx"))


def test_a_start_that_fails_is_an_error_with_the_programs_last_line(plan, tmp_path):
    gone = dataclasses.replace(plan, network=NetworkOptions(model=str(tmp_path / "gone.onnx")))

    with pytest.raises(EngineError, match=r"a start of the program failed: error: no such network file: .*gone\.onnx"):
        measure(gone)

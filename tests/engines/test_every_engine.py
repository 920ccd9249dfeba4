"""What is asked of each engine alike."""

import dataclasses
import itertools
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from deeplab_cv.errors import EngineError
from deeplab_cv.machine.memory import return_free_memory
from tests.engines.engines import FLOAT32, load_or_skip, random_blob, true_scores

STATM = Path("/proc/self/statm")

pytestmark = pytest.mark.parametrize("backend", FLOAT32)


def resident_mb():
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def network_of_64_mb(folder):
    """Its weights are seen by one pixel, so that it is large and quick."""
    widths = [3, 4000, 4000, 21]
    weights = [np.full((out, into, 1, 1), 1e-4, np.float32) for into, out in itertools.pairwise(widths)]
    nodes = [helper.make_node("GlobalAveragePool", ["input"], ["x0"])]
    nodes += [helper.make_node("Conv", [f"x{n}", f"w{n}"], [f"x{n + 1}"]) for n in range(len(weights))]
    nodes[-1].output[0] = "output"
    network = helper.make_graph(
        nodes,
        "large",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 80, 144])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 21, 1, 1])],
        [numpy_helper.from_array(each, f"w{n}") for n, each in enumerate(weights)],
    )
    file = folder / "large.onnx"
    onnx.save(helper.make_model(network, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(file))
    return file


def test_scores_are_those_that_onnx_defines(backend, graph):
    engine = load_or_skip(backend, graph)
    blob = random_blob(graph, 1)

    engine.submit(blob)
    scores = engine.result().scores

    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, true_scores(graph, blob), atol=1e-5)


def test_what_goes_in_first_comes_out_first(backend, graph):
    engine = load_or_skip(backend, graph, depth=2)
    blobs = [random_blob(graph, seed) for seed in range(3 * engine.depth)]
    results = []

    for first in range(0, len(blobs), engine.depth):
        for blob in blobs[first : first + engine.depth]:
            engine.submit(blob)
        results += [engine.result().scores for _ in range(engine.depth)]

    for blob, scores in zip(blobs, results, strict=True):
        np.testing.assert_allclose(scores, true_scores(graph, blob), atol=1e-5)


def test_scores_belong_to_the_caller_and_stay_what_they_are(backend, graph):
    engine = load_or_skip(backend, graph)
    engine.submit(random_blob(graph, 1))
    scores = engine.result().scores
    before = scores.copy()

    engine.submit(random_blob(graph, 2))
    engine.result()

    np.testing.assert_array_equal(scores, before)


def test_it_says_what_it_is(backend, graph):
    engine = load_or_skip(backend, graph)

    assert backend == f"{engine.name}:{engine.device}"
    assert engine.precision == "float32"
    assert engine.threads >= 1
    assert engine.version[0].isdigit()


def test_it_computes_with_the_threads_asked_for(backend, graph):
    engine = load_or_skip(backend, graph, threads=1)

    assert engine.threads == 1


@pytest.mark.parametrize("blob", [np.zeros((1, 3, 64, 64), np.float32), np.zeros((1, 3, 80, 144), np.uint8)])
def test_a_tensor_that_does_not_fit_is_refused_at_the_door(backend, graph, blob):
    engine = load_or_skip(backend, graph)

    with pytest.raises(EngineError, match=r"expected float32 \(1, 3, 80, 144\)"):
        engine.submit(blob)


def test_it_takes_no_more_tensors_than_its_depth(backend, graph):
    engine = load_or_skip(backend, graph, depth=2)
    for seed in range(engine.depth):
        engine.submit(random_blob(graph, seed))

    with pytest.raises(EngineError, match="takes no tensor"):
        engine.submit(random_blob(graph, 9))


def test_a_result_that_nobody_computes_is_an_error_and_no_wait(backend, graph):
    engine = load_or_skip(backend, graph)

    with pytest.raises(EngineError, match="nothing to compute"):
        engine.result()


def test_closing_twice_is_harmless_and_a_closed_engine_takes_no_tensor(backend, graph):
    engine = load_or_skip(backend, graph)
    engine.submit(random_blob(graph, 1))

    engine.close()
    engine.close()

    with pytest.raises(EngineError, match="closed"):
        engine.submit(random_blob(graph, 1))


@pytest.mark.skipif(not STATM.exists(), reason="only Linux tells what memory a process has")
def test_a_closed_engine_gives_the_networks_memory_back(backend, graph, tmp_path):
    large = dataclasses.replace(graph, file=network_of_64_mb(tmp_path))
    for _ in range(2):
        # The first time the engine's own libraries come into memory.
        return_free_memory()
        before = resident_mb()
        engine = load_or_skip(backend, large, depth=2)
        engine.submit(random_blob(graph, 1))
        engine.result()
        loaded = resident_mb()
        engine.close()
        return_free_memory()

    assert loaded - before > 50
    assert resident_mb() - before < 20


def test_a_broken_file_is_one_line(backend, graph, tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(graph.file.read_bytes()[:200])

    with pytest.raises(EngineError) as error:
        load_or_skip(backend, dataclasses.replace(graph, file=broken))

    assert str(broken) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_network_that_cannot_be_loaded_is_named_as_the_user_named_it(backend, graph, tmp_path):
    load_or_skip(backend, graph).close()
    in_the_cache = tmp_path / "cache" / "1234.onnx"
    in_the_cache.parent.mkdir()
    in_the_cache.write_bytes(b"no network")

    with pytest.raises(EngineError, match=r"theirs\.onnx"):
        load_or_skip(backend, dataclasses.replace(graph, file=in_the_cache, named=Path("theirs.onnx")))

import threading

import numpy as np
import pytest

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.opening import open_network
from deeplab_cv.segmentation.network_engines import NetworkEngines
from tests.tiny_networks import tiny_network

SIZES = (Size(144, 80), Size(112, 64), Size(88, 48))
"""16:9, as whole strides come near to it, at three sizes."""

SIZE = Size(128, 72)


@pytest.fixture
def network(tmp_path):
    return open_network(tiny_network(tmp_path, shapes=tuple(size.hw for size in SIZES)))


@pytest.mark.parametrize(
    ("pace_fps", "input_size", "keeps_pace"),
    [(None, SIZES[0], True), (1e-3, SIZES[0], True), (1e9, SIZES[2], False)],
    ids=["no rate wanted", "fast enough", "never fast enough"],
)
def test_the_input_is_the_largest_that_keeps_the_wanted_rate(network, pace_fps, input_size, keeps_pace):
    with NetworkEngines(network, EngineOptions(backend="onnxruntime:cpu", threads=1), pace_fps=pace_fps) as engines:
        loaded = engines.load(SIZE)

    assert (loaded.input_size, loaded.keeps_pace) == (input_size, keeps_pace)
    assert f"at {input_size} on onnxruntime" in loaded.made_by


def test_another_engine_takes_the_wanted_rate_along(network):
    engines = NetworkEngines(network, EngineOptions(backend="onnxruntime:cpu", threads=1), pace_fps=1e9)

    with engines.with_backend("opencv:cpu") as others:
        assert others.load(SIZE).input_size == SIZES[2]


def test_threads_that_load_at_once_get_one_engine(network):
    found = []
    with NetworkEngines(network, EngineOptions(backend="opencv:cpu", threads=1)) as engines:
        threads = [threading.Thread(target=lambda: found.append(engines.load(SIZE))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(found) == 4
    assert all(loaded is found[0] for loaded in found)


def test_the_backend_at_work_is_the_first_of_all(network):
    with NetworkEngines(network, EngineOptions(backend="onnxruntime:cpu", threads=1)) as engines:
        backends = engines.find_backends(SIZE)

    assert backends[0] == "onnxruntime:cpu"
    assert "opencv:cpu" in backends[1:]


def test_closed_engines_take_no_more_tensors(network):
    engines = NetworkEngines(network, EngineOptions(backend="opencv:cpu", threads=1))
    loaded = engines.load(SIZE)

    engines.close()
    engines.close()

    with pytest.raises(EngineError, match="closed"):
        loaded.shared.submit(np.zeros((1, 3, *loaded.input_size.hw), np.float32))


def test_what_is_pinned_is_what_others_load(network):
    with NetworkEngines(network, EngineOptions(backend="onnxruntime", threads=1)) as engines:
        pinned = engines.load(SIZE).pinned
    with NetworkEngines(network, EngineOptions(), pinned=pinned) as others:
        assert others.load(SIZE).pinned == pinned
        assert pinned.backend.startswith("onnxruntime:")


def test_closed_engines_are_not_loaded_again(network):
    engines = NetworkEngines(network, EngineOptions(backend="opencv:cpu", threads=1))
    engines.load(SIZE)
    engines.close()

    with pytest.raises(EngineError, match="closed"):
        engines.load(SIZE)

import numpy as np
import pytest

from deeplab_cv.controls.common_switching import CommonSwitching
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.opening import open_network
from deeplab_cv.segmentation.common_engines import CommonEngines
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from tests.tiny_networks import tiny_network
from tests.waiting import wait_for

SIZE = Size(128, 72)
PACE = PaceOptions(carry=2)


class Swapped:
    """A pipeline that keeps what it is to go on with."""

    def __init__(self):
        self.streams = []

    def swap(self, stream):
        self.streams.append(stream)


@pytest.fixture
def common(tmp_path):
    network = open_network(tiny_network(tmp_path))
    options = EngineOptions(backend="opencv:cpu", threads=1)
    return CommonEngines(lambda: NetworkEngines(network, options), PACE, shared_by=2)


@pytest.fixture
def switching():
    switching = CommonSwitching(None, PACE, shared_by=2)
    yield switching
    switching.let_go()


def test_an_engine_that_one_asks_for_is_handed_over_to_all_once(common, switching):
    current, pipelines = [common.stream(), common.stream()], [Swapped(), Swapped()]
    switching.begin("engine", current[0], SIZE)
    assert switching.begin("engine", current[1], SIZE) == "still loading"

    first = wait_for(lambda: switching.finish(pipelines[0]))
    lines = [first, *(switching.finish(pipeline) for pipeline in [*pipelines, *pipelines])]

    assert lines == [first, "", first, "", ""]
    assert first.startswith("now tiny")
    (one,), (other,) = (pipeline.streams for pipeline in pipelines)
    assert one.engines is other.engines
    assert one.engines is not current[0].engines
    for stream in [*current, one, other]:
        stream.close()


def test_the_new_engines_stay_open_until_all_have_them_and_are_closed_at_the_end(common, switching):
    current, pipelines = [common.stream(), common.stream()], [Swapped(), Swapped()]
    switching.begin("engine", current[0], SIZE)
    wait_for(lambda: switching.finish(pipelines[0]))
    loaded = pipelines[0].streams[0].engines.load(SIZE)

    # The first source ends before the second one has changed over.
    pipelines[0].streams[0].close()
    switching.finish(pipelines[1])
    assert pipelines[1].streams[0].engines.load(SIZE) is loaded

    for stream in [*current, pipelines[1].streams[0]]:
        stream.close()
    switching.let_go()
    with pytest.raises(EngineError, match="closed"):
        loaded.shared.submit(np.zeros((1, 3, *loaded.input_size.hw), np.float32))

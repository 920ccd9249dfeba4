import threading

import pytest

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.networks.opening import open_network
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.stream import Stream
from tests.tiny_networks import tiny_network
from tests.waiting import HANGS_S


@pytest.fixture(autouse=True)
def no_thread_is_left_behind():
    before = set(threading.enumerate())
    yield
    # Libraries keep pools of their own for the whole process.
    left = [thread for thread in set(threading.enumerate()) - before if thread.name in ("reader", "inference")]
    for thread in left:
        thread.join(HANGS_S)
    assert not any(thread.is_alive() for thread in left)


@pytest.fixture
def make_stream(tmp_path):
    network = open_network(tiny_network(tmp_path))

    def make(kind=Stream, depth=1):
        return kind(
            NetworkEngines(network, EngineOptions(backend="opencv", threads=1), depth=depth), closes_engines=True
        )

    return make

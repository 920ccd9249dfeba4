import pytest

from deeplab_cv.controls.switching import begin_switch, other_backends, other_networks
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.opening import open_network
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.stream import Stream
from tests.tiny_networks import tiny_network

SIZE = Size(128, 72)
HANGS_S = 60


@pytest.fixture
def current(tmp_path):
    engines = NetworkEngines(open_network(tiny_network(tmp_path)), EngineOptions(backend="opencv:cpu", threads=1))
    with Stream(engines, PaceOptions(carry=2), closes_engines=True) as stream:
        yield stream


def switched(current, find):
    switch = begin_switch(current, find, SIZE)
    assert switch.done.wait(HANGS_S)
    return switch


def test_another_backend_is_loaded_and_spares_as_the_one_before(current):
    switch = switched(current, lambda: other_backends(current.engines, SIZE))

    assert switch.stream is not None
    with switch.stream as stream:
        assert stream.pace == current.pace
        assert stream.engines.load(SIZE).backend != "opencv:cpu"


def test_what_does_not_load_is_passed_over_with_its_reason(current):
    engines = current.engines
    makers = [lambda: engines.with_backend("abacus"), lambda: engines.with_backend("opencv:cpu")]

    switch = switched(current, lambda: makers)

    assert switch.stream is not None
    switch.stream.close()
    (reason,) = switch.refused
    assert "unknown backend" in reason


def test_a_search_that_finds_nothing_ends(current):
    switch = switched(current, list)

    assert (switch.stream, switch.refused) == (None, [])


def test_a_network_named_on_the_command_line_is_among_the_others(current, tmp_path):
    given = tiny_network(tmp_path, "given")

    makers = other_networks(current.engines, given)

    assert given in [make().network.file for make in makers]

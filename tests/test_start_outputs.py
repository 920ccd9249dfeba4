"""Where the frames of a source go, opened and never written to."""

from contextlib import ExitStack
from fractions import Fraction

import pytest

from deeplab_cv.errors import SettingsError
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.opening import open_network
from deeplab_cv.settings import settings_of
from deeplab_cv.start_outputs import opened_outputs
from tests.tiny_networks import tiny_network

INFO = SourceInfo(
    "test pattern", Size(64, 48), frame_rate=Fraction(10), frame_count=None, live=True, time_base=Fraction(1, 1000)
)


@pytest.fixture
def network(tmp_path):
    folder = tmp_path / "network"
    folder.mkdir()
    return open_network(tiny_network(folder))


def opened(network, values):
    with ExitStack() as stack:
        outputs = opened_outputs(settings_of({"pattern": True, **values}), INFO, network, stack)
        for sink in outputs.sinks:
            sink.abandon()
    return outputs


def test_without_files_and_recordings_there_is_nothing_but_the_shared_stream(network):
    outputs = opened(network, {"headless": True})

    assert list(outputs.sinks) == []
    assert outputs.recorder is None


def test_a_recorder_is_the_last_of_the_sinks(network, tmp_path):
    values = {"stats": str(tmp_path / "areas.csv"), "record_to": str(tmp_path / "recordings")}
    outputs = opened(network, values)

    assert len(outputs.sinks) == 2
    assert outputs.sinks[-1] is outputs.recorder


def test_a_class_that_the_network_lacks_is_named_before_the_first_frame(network, tmp_path):
    with pytest.raises(SettingsError, match="unicorn"):
        opened(network, {"record_to": str(tmp_path / "recordings"), "record_when": "unicorn"})

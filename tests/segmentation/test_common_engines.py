import threading
from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.frame import Frame
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.networks.opening import open_network
from deeplab_cv.segmentation.common_engines import CommonEngines
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from tests.tiny_networks import PERSON, tiny_network
from tests.waiting import HANGS_S

PACE = PaceOptions(carry=2)


class Opening:
    """Opens engines of the tiny network, or fails, and counts how often it was asked."""

    def __init__(self, folder, *, fails=False):
        self.opened = []
        self._network, self._fails = open_network(tiny_network(folder)), fails

    def __call__(self):
        self.opened.append(NetworkEngines(self._network, EngineOptions(backend="opencv", threads=1)))
        if self._fails:
            raise EngineError("no engine works", "here", "install one")
        return self.opened[-1]


def frame(index=0):
    return Frame(Pixels(image=np.full((48, 64, 3), (0, 0, 255), np.uint8)), index, index, Fraction(1, 30), 0.0)


def test_streams_of_many_threads_are_on_the_same_engines(tmp_path):
    opening, streams = Opening(tmp_path), []
    common = CommonEngines(opening, PACE, shared_by=3)

    threads = [threading.Thread(target=lambda: streams.append(common.stream())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANGS_S)

    assert len(opening.opened) == 1
    assert [stream.engines for stream in streams] == opening.opened * 3
    assert [stream.pace for stream in streams] == [PACE] * 3
    for stream in streams:
        stream.close()


def test_engines_are_closed_with_the_last_stream(tmp_path):
    common = CommonEngines(Opening(tmp_path), PACE, shared_by=2)
    one, other = common.stream(), common.stream()
    loaded = one.engines.load(frame().size)

    one.close()
    one.close()
    assert set(other.score(frame()).scores.argmax(axis=0).flat) == {PERSON}

    other.close()
    with pytest.raises(EngineError, match="closed"):
        loaded.shared.submit(np.zeros((1, 3, *loaded.input_size.hw), np.float32))


def test_who_comes_after_the_last_has_engines_opened_anew(tmp_path):
    opening = Opening(tmp_path)
    common = CommonEngines(opening, PACE, shared_by=2)
    common.stream().close()

    late = common.stream()

    assert set(late.score(frame()).scores.argmax(axis=0).flat) == {PERSON}
    assert len(opening.opened) == 2
    late.close()


def test_what_cannot_be_opened_is_tried_once_for_all(tmp_path):
    opening = Opening(tmp_path, fails=True)
    common = CommonEngines(opening, PACE, shared_by=2)

    for _ in range(2):
        with pytest.raises(EngineError, match="no engine works"):
            common.stream()

    assert len(opening.opened) == 1

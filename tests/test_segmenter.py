from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.errors import EngineError
from deeplab_cv.frame import Frame
from deeplab_cv.network import open_network
from deeplab_cv.pixels import image_pixels
from deeplab_cv.segmenter import Segmenter
from tests.networks import BACKGROUND, DOG, PERSON, SHEEP, tiny_network

COLOURS = {PERSON: (0, 0, 255), DOG: (0, 255, 0), SHEEP: (255, 0, 0), BACKGROUND: (90, 90, 90)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def frame_of(label, index):
    image = np.full((72, 128, 3), COLOURS[label], np.uint8)
    return Frame(image_pixels(image), index, index, Fraction(1, 30), 0.0)


@pytest.mark.parametrize("backend", ["opencv:cpu", "onnxruntime:cpu", "openvino:cpu"])
def test_every_frame_in_flight_gets_its_own_scores(tmp_path, backend):
    segmenter = Segmenter(open_network(tiny_network(tmp_path)), backend, 2, 2, print)
    try:
        segmenter.prepare((128, 72))
    except EngineError as error:
        pytest.skip(str(error))
    wanted = [PERSON, DOG, SHEEP, BACKGROUND, DOG, PERSON, PERSON, SHEEP]
    seen = []

    for index, label in enumerate(wanted):
        segmenter.submit(frame_of(label, index))
        while segmenter.full:
            seen.append(segmenter.result())
    while not segmenter.empty:
        seen.append(segmenter.result())

    assert [scored.frame.index for scored in seen] == list(range(len(wanted)))
    assert [set(scored.scores.argmax(axis=0).flat) for scored in seen] == [{label} for label in wanted]
    segmenter.close()

import time
from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.errors import EngineError
from deeplab_cv.frames.frame import Frame
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.networks.opening import open_network
from deeplab_cv.segmentation.propagation import Economy
from deeplab_cv.segmentation.segmenter import Segmenter
from tests.tiny_networks import BACKGROUND, DOG, PERSON, SHEEP, tiny_network

COLOURS = {PERSON: (0, 0, 255), DOG: (0, 255, 0), SHEEP: (255, 0, 0), BACKGROUND: (90, 90, 90)}


def frame_of(label, index):
    image = np.full((72, 128, 3), COLOURS[label], np.uint8)
    return Frame(Pixels(image=image), index, index, Fraction(1, 30), 0.0)


@pytest.fixture(params=["opencv:cpu", "onnxruntime:cpu", "openvino:cpu"])
def make_segmenter(tmp_path, request):
    network = open_network(tiny_network(tmp_path))

    def make(target_fps=None):
        segmenter = Segmenter(network, request.param, 2, 2, print, Economy(target_fps=target_fps))
        try:
            segmenter.prepare((128, 72))
        except EngineError as error:
            pytest.skip(str(error))
        return segmenter

    return make


SIZES = ((80, 144), (64, 112), (48, 88))
"""16:9, as whole strides come near to it, at three sizes."""


@pytest.mark.parametrize(
    ("pace_fps", "shape"),
    [(None, SIZES[0]), (1e-3, SIZES[0]), (1e9, SIZES[2])],
    ids=["no rate wanted", "fast enough", "never fast enough"],
)
def test_the_input_is_the_largest_that_keeps_the_wanted_rate(tmp_path, pace_fps, shape):
    network = open_network(tiny_network(tmp_path, shapes=SIZES))
    segmenter = Segmenter(network, "onnxruntime:cpu", 1, 1, lambda _: None, pace_fps=pace_fps)

    (seen,) = through(segmenter, [frame_of(DOG, 0)])

    assert set(seen.scores.argmax(axis=0).flat) == {DOG}
    assert seen.scores.shape[1:] == (shape[0] // 8, shape[1] // 8)
    assert f"at {shape[1]}x{shape[0]} on onnxruntime" in seen.made_by


def test_another_engine_takes_the_wanted_rate_along(tmp_path):
    network = open_network(tiny_network(tmp_path, shapes=SIZES))
    segmenter = Segmenter(network, "onnxruntime:cpu", 1, 1, lambda _: None, pace_fps=1e9)

    assert segmenter.with_backend("opencv:cpu").shape_for((128, 72)) == SIZES[2]


def through(segmenter, frames, rest_s=0.0):
    """All frames with as many in flight as the engine takes; results are taken `rest_s` late."""
    seen = []
    for frame in frames:
        segmenter.submit(frame)
        while segmenter.full:
            time.sleep(rest_s)
            seen.append(segmenter.result())
    while not segmenter.empty:
        seen.append(segmenter.result())
    segmenter.close()
    return seen


def test_every_frame_in_flight_gets_its_own_scores(make_segmenter):
    wanted = [PERSON, DOG, SHEEP, BACKGROUND, DOG, PERSON, PERSON, SHEEP]

    seen = through(make_segmenter(), [frame_of(label, index) for index, label in enumerate(wanted)])

    assert [scored.frame.index for scored in seen] == list(range(len(wanted)))
    assert [set(scored.scores.argmax(axis=0).flat) for scored in seen] == [{label} for label in wanted]


def test_a_fast_engine_infers_every_frame_however_late_its_results_are_taken(make_segmenter):
    # The rest is longer than a frame's time: if it counted as inference, frames would be carried.
    segmenter = make_segmenter(target_fps=1)

    seen = through(segmenter, [frame_of(PERSON, index) for index in range(4)], rest_s=1.2)

    assert [scored.way for scored in seen] == ["infer"] * 4
    assert all(0 < scored.inference_ms < 1200 for scored in seen)

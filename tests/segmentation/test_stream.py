import threading
import time
from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.frame import Frame
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.folders import demo_clip
from deeplab_cv.networks.opening import default_network_file, open_network
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sources.video import VideoSource
from tests.tiny_networks import BACKGROUND, DOG, PERSON, SHEEP, tiny_network

COLOURS = {PERSON: (0, 0, 255), DOG: (0, 255, 0), SHEEP: (255, 0, 0), BACKGROUND: (90, 90, 90)}


def frame_of(label, index):
    image = np.full((72, 128, 3), COLOURS[label], np.uint8)
    return Frame(Pixels(image=image), index, index, Fraction(1, 30), 0.0)


@pytest.fixture(params=["opencv:cpu", "onnxruntime:cpu", "openvino:cpu"])
def engines(tmp_path, request):
    with NetworkEngines(
        open_network(tiny_network(tmp_path)), EngineOptions(backend=request.param, threads=2), depth=2
    ) as engines:
        try:
            engines.load(Size(128, 72))
        except EngineError as error:
            pytest.skip(str(error))
        yield engines


def through(stream, frames, rest_s=0.0):
    """All frames with as many in flight as the engine takes; results are taken `rest_s` late."""
    seen = []
    for frame in frames:
        stream.submit(frame)
        while stream.full:
            time.sleep(rest_s)
            seen.append(stream.result())
    while not stream.empty:
        seen.append(stream.result())
    return seen


def labels_through(engines, frames, pace):
    with Stream(engines, pace) as stream:
        return [
            labels_at(each.scores, each.frame.size, align_corners=each.align_corners, area=each.area)
            for each in through(stream, frames)
        ]


def test_every_frame_in_flight_gets_its_own_scores(engines):
    wanted = [PERSON, DOG, SHEEP, BACKGROUND, DOG, PERSON, PERSON, SHEEP]

    seen = through(Stream(engines), [frame_of(label, index) for index, label in enumerate(wanted)])

    assert [scored.frame.index for scored in seen] == list(range(len(wanted)))
    assert [set(scored.scores.argmax(axis=0).flat) for scored in seen] == [{label} for label in wanted]


def test_a_fast_engine_infers_every_frame_however_late_its_results_are_taken(engines):
    # The rest is longer than a frame's time: if it counted as inference, frames would be carried.
    stream = Stream(engines, PaceOptions(target_fps=1))

    seen = through(stream, [frame_of(PERSON, index) for index in range(4)], rest_s=1.2)

    assert [scored.origin for scored in seen] == ["inferred"] * 4
    assert all(0 < scored.inference_ms < 1200 for scored in seen)


def test_a_frame_that_finds_no_room_is_refused(engines):
    stream = Stream(engines)
    while not stream.full:
        stream.submit(frame_of(DOG, 0))

    with pytest.raises(ValueError, match="expected a result to be asked for"):
        stream.submit(frame_of(DOG, 1))


def test_a_stream_closes_engines_only_where_they_are_its_own(engines):
    Stream(engines).close()
    assert set(Stream(engines).score(frame_of(DOG, 0)).scores.argmax(axis=0).flat) == {DOG}

    loaded = engines.load(Size(128, 72))
    Stream(engines, closes_engines=True).close()
    with pytest.raises(EngineError, match="closed"):
        loaded.shared.submit(np.zeros((1, 3, *loaded.input_size.hw), np.float32))


def test_a_slow_stream_leaves_the_engine_to_the_others(engines):
    slow, quick = Stream(engines), Stream(engines)
    while not slow.full:
        slow.submit(frame_of(PERSON, 0))

    seen = [quick.score(frame_of(label, index)) for index, label in enumerate([DOG, SHEEP, DOG])]

    assert [set(scored.scores.argmax(axis=0).flat) for scored in seen] == [{DOG}, {SHEEP}, {DOG}]
    while not slow.empty:
        assert set(slow.result().scores.argmax(axis=0).flat) == {PERSON}


def labels_at_once(engines, clips, pace):
    """The labels of each clip, all of them at work at the same time in threads of their own."""
    found = {}
    start = threading.Barrier(len(clips))

    def run(name):
        start.wait()
        found[name] = labels_through(engines, clips[name], pace)

    threads = [threading.Thread(target=run, args=(name,)) for name in clips]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("pace", [PaceOptions(), PaceOptions(carry=3)], ids=["every frame", "every third"])
def test_streams_in_threads_on_one_engine_each_get_the_labels_they_have_alone(engines, pace):
    order = {"a": [PERSON, DOG, SHEEP], "b": [DOG, SHEEP, BACKGROUND], "c": [SHEEP, PERSON]}
    clips = {
        name: [frame_of(labels[index % len(labels)], index) for index in range(60)] for name, labels in order.items()
    }
    alone = {name: labels_through(engines, frames, pace) for name, frames in clips.items()}

    together = labels_at_once(engines, clips, pace)

    for name, labels in alone.items():
        np.testing.assert_array_equal(together[name], labels)


@pytest.mark.parametrize("depth", [1, 2])
def test_two_clips_in_two_threads_on_the_default_network_get_the_labels_they_have_alone(depth):
    with VideoSource(demo_clip()) as source:
        frames = [frame for _ in range(24) if (frame := source.read()) is not None]
    clips = {"forwards": frames[:12], "mirrored": [flipped(frame) for frame in frames[12:]]}
    with NetworkEngines(open_network(default_network_file()), EngineOptions(), depth=depth) as engines:
        alone = {name: labels_through(engines, each, PaceOptions()) for name, each in clips.items()}

        together = labels_at_once(engines, clips, PaceOptions())

    assert any(labels.any() for labels in alone["forwards"])
    for name, labels in alone.items():
        np.testing.assert_array_equal(together[name], labels)


def flipped(frame):
    image = np.ascontiguousarray(frame.image[:, ::-1])
    return Frame(Pixels(image=image), frame.index, frame.pts, frame.time_base, frame.captured_at)

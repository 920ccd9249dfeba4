"""Reader and inference thread, and what is lost on the way."""

import threading

from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.pipeline import JOIN_S, Pipeline
from tests.jobs.numbers import Camera
from tests.waiting import HANGS_S, wait_for


def test_dropped_frames_of_a_live_source_are_counted(make_stream):
    stream = make_stream()
    stream.engines.load(Size(64, 48))
    source = Camera(100, live=True)
    taken = 0

    with Pipeline(source, stream) as pipeline:
        assert source.exhausted.wait(HANGS_S)
        while not pipeline.ended:
            taken += pipeline.take(0.1) is not None

        assert 1 <= taken <= 3
        assert pipeline.frames_dropped == 100 - taken


def test_a_read_that_never_returns_is_left_behind_after_less_than_two_seconds_of_waiting(make_stream, monkeypatch):
    assert JOIN_S < 2
    monkeypatch.setattr("deeplab_cv.jobs.pipeline.JOIN_S", 0.01)
    blocked = threading.Event()
    stream = make_stream()
    stream.engines.load(Size(64, 48))

    with Pipeline(Camera(1, live=True, ending=blocked), stream) as pipeline:
        wait_for(lambda: pipeline.take(0.1))
    still_reading = [thread.name for thread in threading.enumerate() if thread.name == "reader"]
    blocked.set()

    assert still_reading == ["reader"]


def test_another_engine_takes_over_between_two_frames(make_stream):
    first, second = make_stream(), make_stream(depth=2)
    second.engines.load(Size(64, 48))
    indexes = []

    with Pipeline(Camera(60), first) as pipeline:
        while not pipeline.ended:
            scored = pipeline.take(0.1)
            if scored is not None:
                indexes.append(scored.frame.index)
            if len(indexes) == 20 and pipeline.stream is first:
                pipeline.swap(second)
        assert pipeline.stream is second

    assert indexes == list(range(60))

"""Reader and inference thread, and what is lost on the way."""

import threading
from fractions import Fraction

import pytest

from deeplab_cv.errors import EngineError, SourceError
from deeplab_cv.frames.frame import Frame, Scored
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.pipeline import JOIN_S, Pipeline
from deeplab_cv.sources.pattern import PatternSource
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


def test_a_read_that_never_returns_is_left_behind_after_less_than_a_second_of_waiting(make_stream, monkeypatch):
    assert JOIN_S < 1
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


def test_a_live_source_can_be_looked_at_while_its_stream_is_opened_and_then_counts_anew(make_stream):
    stream, may_open = make_stream(), threading.Event()
    stream.engines.load(Size(64, 48))

    def open_stream():
        assert may_open.wait(HANGS_S)
        return stream

    with PatternSource(Size(64, 48)) as source, Pipeline(source, open_stream) as pipeline:
        looked_at = wait_for(lambda: pipeline.newest)
        assert wait_for(lambda: pipeline.newest.index > looked_at.index)
        assert pipeline.take(0.01) is None
        assert (pipeline.frames_read, pipeline.frames_dropped) == (0, 0)
        before = pipeline.newest.index
        may_open.set()
        first = wait_for(lambda: pipeline.take(0.1))

    assert first.frame.index <= before


def test_a_file_loses_no_frame_while_its_stream_is_opened(make_stream):
    may_open = threading.Event()

    def open_stream():
        assert may_open.wait(HANGS_S)
        return make_stream()

    indexes = []
    with Pipeline(Camera(20), open_stream) as pipeline:
        assert wait_for(lambda: pipeline.newest) is not None
        may_open.set()
        while not pipeline.ended:
            if (scored := pipeline.take(0.1)) is not None:
                indexes.append(scored.frame.index)

    assert indexes == list(range(20))


def test_why_a_stream_cannot_be_opened_is_raised_where_frames_are_taken():
    def open_stream():
        raise EngineError("no engine runs the network right", "tiny", "look at `app.py doctor`")

    with Pipeline(Camera(5, live=True), open_stream) as pipeline, pytest.raises(EngineError, match="no engine"):
        while not pipeline.ended:
            pipeline.take(0.1)


def test_a_source_that_fails_while_its_stream_is_opened_is_not_waited_for(make_stream):
    may_open = threading.Event()

    def open_stream():
        assert may_open.wait(HANGS_S)
        return make_stream()

    source = Camera(3, live=True, ending=SourceError("the camera gives no pictures", "camera", "plug it in"))
    with Pipeline(source, open_stream) as pipeline:
        with pytest.raises(SourceError, match="no pictures"):
            wait_for(lambda: pipeline.take(0.1))
        may_open.set()


def test_a_pipeline_ends_while_its_stream_is_still_opened():
    may_open = threading.Event()

    def open_stream():
        may_open.wait(HANGS_S)
        raise EngineError("too late", "nobody", "look away")

    with Pipeline(Camera(5), open_stream):
        pass
    still_opening = [thread.name for thread in threading.enumerate() if thread.name == "inference"]
    may_open.set()

    assert still_opening == ["inference"]


def test_after_a_seek_the_frames_of_that_place_come_and_none_from_before(make_stream):
    with PatternSource(Size(64, 48), end=10.0) as source, Pipeline(source, make_stream(depth=2)) as pipeline:
        for place_s in (5, 1, 9, 0):
            wait_for(lambda: pipeline.take(0.1))
            pipeline.seek(Fraction(place_s), Fraction(0))
            first = wait_for(lambda: pipeline.take(0.1))
            second = wait_for(lambda: pipeline.take(0.1))

            assert [first.frame.index, second.frame.index] == [30 * place_s, 30 * place_s + 1]
            assert first.frame.seeks == pipeline.seeks


def test_a_source_that_has_been_read_to_its_end_can_still_be_sought_in(make_stream):
    indexes = []
    with PatternSource(Size(64, 48), end=0.2) as source, Pipeline(source, make_stream(depth=2)) as pipeline:
        for _ in range(2):
            while not pipeline.ended:
                if (scored := pipeline.take(0.1)) is not None:
                    indexes.append(scored.frame.index)
            pipeline.seek(Fraction(9), Fraction(1, 10))
            assert not pipeline.ended

    assert indexes == [0, 1, 2, 3, 4, 5, 3, 4, 5]


def test_a_live_source_is_not_sought_in(make_stream):
    with PatternSource(Size(64, 48)) as source, Pipeline(source, make_stream()) as pipeline:
        pipeline.seek(Fraction(0), Fraction(0))

        assert pipeline.seeks == 0
        assert wait_for(lambda: pipeline.take(0.1)).frame.seeks == 0


def test_frames_that_nobody_wants_scores_of_go_on_as_they_were_read(make_stream):
    pipeline, taken = Pipeline(Camera(60), make_stream()), []
    pipeline.inferring = False

    with pipeline:
        while not pipeline.ended:
            if (each := pipeline.take(0.1)) is not None:
                taken.append(each)
            pipeline.inferring = len(taken) >= 20

    frames = [each if isinstance(each, Frame) else each.frame for each in taken]
    unseen = [isinstance(each, Frame) for each in taken]
    assert [frame.index for frame in frames] == list(range(60))
    # Two frames wait in the queue and one before it.
    assert 20 <= unseen.index(False) <= 24
    assert not any(unseen[24:])


def test_scores_begin_anew_after_frames_that_went_by(make_stream):
    numbers = []

    with Pipeline(Camera(60), make_stream()) as pipeline:
        taken = 0
        while not pipeline.ended:
            each = pipeline.take(0.1)
            taken += each is not None
            pipeline.inferring = not 20 <= taken < 40
            if isinstance(each, Scored):
                numbers.append(each.stream)

    assert len(set(numbers)) == 2
    assert numbers == sorted(numbers)


def test_the_newest_picture_is_inferred_once_somebody_looks_though_no_other_comes(make_stream):
    ended = threading.Event()
    stream = make_stream()
    stream.engines.load(Size(64, 48))
    pipeline = Pipeline(Camera(3, live=True, ending=ended), stream)
    pipeline.inferring = False

    with pipeline:
        wait_for(lambda: isinstance(each := pipeline.take(0.1), Frame) and each.index == 2)
        pipeline.inferring = True
        looked_at = wait_for(lambda: pipeline.take(0.1))
        ended.set()

    assert isinstance(looked_at, Scored)
    assert looked_at.frame.index == 2

"""The five endings of a run, and what is lost and kept on the way."""

import signal
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from deeplab_cv.engines import EngineWish
from deeplab_cv.errors import EngineError, SinkError, SourceError
from deeplab_cv.frames.frame import Frame, SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.jobs.job import Job, run_job
from deeplab_cv.jobs.pipeline import JOIN_S, Pipeline
from deeplab_cv.networks.opening import open_network
from deeplab_cv.overlay.view import View
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sinks import Written
from tests.tiny_networks import tiny_network
from tests.waiting import HANGS_S, wait_for


class Camera:
    """A camera made of numbers: `count` red frames, then `ending`; `exhausted` is set once all have been given."""

    def __init__(self, count=20, live=False, ending=None):
        self.info = SourceInfo("numbers", (64, 48), Fraction(30), count, live, Fraction(1, 30))
        self._count, self._ending = count, ending
        self.exhausted = threading.Event()
        self._next = 0

    def read(self):
        if self._next >= self._count:
            self.exhausted.set()
            if isinstance(self._ending, Exception):
                raise self._ending
            if isinstance(self._ending, threading.Event):
                self._ending.wait(HANGS_S)
            return None
        image = np.full((48, 64, 3), (0, 0, 255), np.uint8)
        frame = Frame(Pixels(image=image), self._next, self._next, Fraction(1, 30), time.monotonic())
        self._next += 1
        return frame


class Notebook:
    """A sink that remembers what it was given, takes its time or waits for an event, and fails at a frame."""

    needs_picture = False

    def __init__(self, fails_at=None, delay_s=0.0, waits_for=None):
        self.indexes, self.labels, self.ending = [], None, None
        self._fails_at, self._delay_s, self._waits_for = fails_at, delay_s, waits_for

    def write(self, painted):
        time.sleep(self._delay_s)
        if self._waits_for is not None:
            self._waits_for.wait(HANGS_S)
        if painted.frame.index == self._fails_at:
            raise SinkError("no room is left", "notebook", "free some")
        self.indexes.append(painted.frame.index)
        self.labels = painted.labels

    def finish(self):
        self.ending = "finished"
        return Written(Path("whole"), len(self.indexes))

    def abandon(self):
        self.ending = "abandoned"
        return Written(Path("partial"), len(self.indexes), whole=False)


class FailingStream(Stream):
    def submit(self, frame):
        if frame.index == 7:
            raise EngineError("the engine failed", "frame 7", "try another --backend")
        super().submit(frame)


@pytest.fixture(autouse=True)
def no_thread_is_left_behind():
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(HANGS_S)
    assert not any(thread.is_alive() for thread in left)


@pytest.fixture
def make_stream(tmp_path):
    network = open_network(tiny_network(tmp_path))

    def make(kind=Stream, depth=1):
        return kind(NetworkEngines(network, EngineWish("opencv", 1, depth)), closes_engines=True)

    return make


def job(source, stream, *sinks, say=lambda line: None):
    return Job(source, stream, sinks, None, View(), lambda: None, say)


def test_the_source_ends_and_every_frame_reaches_the_sink_in_order(make_stream):
    sink = Notebook()

    written = run_job(job(Camera(50), make_stream(), sink))

    assert written == 50
    assert sink.indexes == list(range(50))
    assert sink.ending == "finished"
    assert (sink.labels == 15).all()


def test_a_slow_sink_loses_no_frame_of_a_file(make_stream):
    sink = Notebook(delay_s=0.005)

    run_job(job(Camera(40), make_stream(), sink))

    assert sink.indexes == list(range(40))


def test_a_slow_sink_of_a_live_source_gets_the_newest_frames_only(make_stream):
    source = Camera(200, live=True)
    sink = Notebook(waits_for=source.exhausted)
    stream = make_stream()
    stream.engines.load((64, 48))

    run_job(job(source, stream, sink))

    # At the sink, before it, in the engine, and before that.
    assert len(sink.indexes) <= 4
    assert sink.indexes == sorted(sink.indexes)
    assert sink.indexes[-1] == 199


def test_dropped_frames_of_a_live_source_are_counted(make_stream):
    stream = make_stream()
    stream.engines.load((64, 48))
    source = Camera(100, live=True)
    taken = 0

    with Pipeline(source, stream) as pipeline:
        assert source.exhausted.wait(HANGS_S)
        while not pipeline.ended:
            taken += pipeline.take(0.1) is not None

        assert 1 <= taken <= 3
        assert pipeline.frames_dropped == 100 - taken


def test_a_source_that_fails_delivers_what_came_before_and_the_sink_keeps_it(make_stream):
    sink = Notebook()
    source = Camera(10, ending=SourceError("the file is damaged", "0.3 s", "fetch it again"))

    with pytest.raises(SourceError, match="damaged"):
        run_job(job(source, make_stream(), sink))

    assert sink.indexes == list(range(10))
    assert sink.ending == "abandoned"


def test_an_engine_that_fails_at_frame_seven_ends_the_run_with_seven_frames_kept(make_stream):
    sink = Notebook()

    with pytest.raises(EngineError, match="frame 7"):
        run_job(job(Camera(50), make_stream(FailingStream), sink))

    assert sink.indexes == list(range(7))
    assert sink.ending == "abandoned"


def test_a_sink_that_fails_ends_the_run_and_every_sink_keeps_what_it_has(make_stream):
    failing, other = Notebook(fails_at=3), Notebook()

    with pytest.raises(SinkError, match="no room"):
        run_job(job(Camera(500), make_stream(), other, failing))

    assert (failing.ending, other.ending) == ("abandoned", "abandoned")
    assert other.indexes == [0, 1, 2, 3]


@pytest.mark.parametrize(("live", "ending"), [(False, "abandoned"), (True, "finished")])
def test_ctrl_c_ends_the_run_and_only_a_live_output_is_whole(make_stream, live, ending):
    class Interrupted(Notebook):
        def write(self, painted):
            super().write(painted)
            if len(self.indexes) == 3:
                signal.raise_signal(signal.SIGINT)

    sink = Interrupted()
    stream = make_stream()
    stream.engines.load((64, 48))

    with pytest.raises(KeyboardInterrupt):
        run_job(job(Camera(10**9, live=live), stream, sink))

    assert len(sink.indexes) == 3
    assert sink.ending == ending


def test_a_read_that_never_returns_is_left_behind_after_less_than_two_seconds_of_waiting(make_stream, monkeypatch):
    assert JOIN_S < 2
    monkeypatch.setattr("deeplab_cv.jobs.pipeline.JOIN_S", 0.01)
    blocked = threading.Event()
    stream = make_stream()
    stream.engines.load((64, 48))

    with Pipeline(Camera(1, live=True, ending=blocked), stream) as pipeline:
        wait_for(lambda: pipeline.take(0.1))
    still_reading = [thread.name for thread in threading.enumerate() if thread.name == "reader"]
    blocked.set()

    assert still_reading == ["reader"]


def test_another_engine_takes_over_between_two_frames(make_stream):
    first, second = make_stream(), make_stream(depth=2)
    second.engines.load((64, 48))
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

"""The endings of a run, and what is lost and kept on the way."""

import os
import threading
from pathlib import Path

import pytest

from deeplab_cv.errors import EngineError, PassedOverError, SinkError, SourceError
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.job import Job, UserQuit, run_job
from deeplab_cv.overlay.view import View
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sinks.background import InBackground
from deeplab_cv.sinks.pipe import VideoPipe
from deeplab_cv.sinks.sink import Written
from tests.jobs.numbers import Camera, Notebook
from tests.sinks.pipes import filled_pipe
from tests.waiting import HANGS_S


class FailingStream(Stream):
    def submit(self, frame):
        if frame.index == 7:
            raise EngineError("the engine failed", "frame 7", "try another --backend")
        super().submit(frame)


class Screen:
    """A screen that remembers what it showed, pauses before and quits after a frame."""

    def __init__(self, quits_after=None, recorded=None):
        self.view, self.waits = View(), False
        self.indexes, self.closed = [], False
        self._quits_after, self._recorded = quits_after, recorded

    def attend(self, pipeline):
        if self.indexes and self.indexes[-1] == self._quits_after:
            raise UserQuit

    def rest(self):
        return False

    def show(self, scored, painted, pipeline):
        self.indexes.append(scored.frame.index)

    def close(self):
        self.closed = True
        return self._recorded


def job(source, stream, *sinks, screen=None):
    return Job(source, stream, sinks, View(), screen)


def test_the_source_ends_and_every_frame_reaches_the_sink_in_order(make_stream):
    sink = Notebook()

    written = run_job(job(Camera(50), make_stream(), sink), stop=threading.Event())

    assert written == 50
    assert sink.indexes == list(range(50))
    assert sink.ending == "finished"
    assert (sink.labels == 15).all()


def test_a_slow_sink_loses_no_frame_of_a_file(make_stream):
    sink = Notebook(delay_s=0.005)

    run_job(job(Camera(40), make_stream(), sink), stop=threading.Event())

    assert sink.indexes == list(range(40))


def test_a_slow_sink_of_a_live_source_gets_the_newest_frames_only(make_stream):
    source = Camera(200, live=True)
    sink = Notebook(waits_for=source.exhausted)
    stream = make_stream()
    stream.engines.load(Size(64, 48))

    run_job(job(source, stream, sink), stop=threading.Event())

    # At the sink, before it, in the engine, and before that.
    assert len(sink.indexes) <= 4
    assert sink.indexes == sorted(sink.indexes)
    assert sink.indexes[-1] == 199


def test_a_source_that_fails_delivers_what_came_before_and_the_sink_keeps_it(make_stream):
    sink = Notebook()
    source = Camera(10, ending=SourceError("the file is damaged", "0.3 s", "fetch it again"))

    with pytest.raises(SourceError, match="damaged"):
        run_job(job(source, make_stream(), sink), stop=threading.Event())

    assert sink.indexes == list(range(10))
    assert sink.ending == "abandoned"


def test_pictures_that_were_passed_over_fail_the_run_and_the_output_is_whole(make_stream):
    sink = Notebook()
    source = Camera(10, ending=PassedOverError("1 of 11 pictures could not be read", "a.png", "the others are done"))

    with pytest.raises(SourceError, match="1 of 11"):
        run_job(job(source, make_stream(), sink), stop=threading.Event())

    assert sink.indexes == list(range(10))
    assert sink.ending == "finished"


def test_an_engine_that_fails_at_frame_seven_ends_the_run_with_seven_frames_kept(make_stream):
    sink = Notebook()

    with pytest.raises(EngineError, match="frame 7"):
        run_job(job(Camera(50), make_stream(FailingStream), sink), stop=threading.Event())

    assert sink.indexes == list(range(7))
    assert sink.ending == "abandoned"


def test_a_sink_that_fails_ends_the_run_and_every_sink_keeps_what_it_has(make_stream):
    failing, other = Notebook(fails_at=3), Notebook()

    with pytest.raises(SinkError, match="no room"):
        run_job(job(Camera(500), make_stream(), other, failing), stop=threading.Event())

    assert (failing.ending, other.ending) == ("abandoned", "abandoned")
    assert other.indexes == [0, 1, 2, 3]


@pytest.mark.parametrize(("live", "ending"), [(False, "abandoned"), (True, "finished")])
def test_a_run_that_is_stopped_has_a_whole_output_only_if_it_is_live(make_stream, live, ending):
    sink, stop = Notebook(), threading.Event()
    stream = make_stream()
    stream.engines.load(Size(64, 48))
    source = Camera(10**9, live=live)

    frames = run_job(
        job(source, stream, sink), stop=stop, progress=lambda: stop.set() if len(sink.indexes) == 5 else None
    )

    assert frames == len(sink.indexes) == 5
    assert sink.ending == ending


def test_a_run_needs_no_main_thread(make_stream):
    sink, stream, frames = Notebook(), make_stream(), []
    thread = threading.Thread(
        target=lambda: frames.append(run_job(job(Camera(20), stream, sink), stop=threading.Event()))
    )

    thread.start()
    thread.join(HANGS_S)

    assert frames == [20]
    assert sink.ending == "finished"


def test_what_sinks_and_screen_leave_behind_is_handed_over(make_stream):
    recorded, outputs = Written(Path("recording.mp4"), 3), []

    run_job(
        job(Camera(5), make_stream(), Notebook(), screen=Screen(recorded=recorded)),
        stop=threading.Event(),
        written=outputs.append,
    )

    assert outputs == [recorded, Written(Path("whole"), 5)]


def test_the_user_quits_and_the_frames_shown_until_then_are_counted(make_stream):
    screen, sink = Screen(quits_after=6), Notebook()

    frames = run_job(job(Camera(50), make_stream(), sink, screen=screen), stop=threading.Event())

    assert frames == 7
    assert screen.indexes == list(range(7))
    assert screen.closed
    assert sink.ending == "abandoned"


def test_the_first_error_is_raised_and_one_of_closing_is_logged(make_stream, caplog):
    class Stubborn(Notebook):
        def abandon(self):
            raise SinkError("cannot close", "notebook", "try again")

    source = Camera(10, ending=SourceError("the file is damaged", "0.3 s", "fetch it again"))
    other = Notebook()

    with pytest.raises(SourceError, match="damaged"):
        run_job(job(source, make_stream(), Stubborn(), other), stop=threading.Event())

    assert "cannot close" in caplog.text
    assert other.ending == "abandoned"


def test_an_error_of_finishing_is_raised_once_every_sink_is_ended(make_stream):
    class Stubborn(Notebook):
        def finish(self):
            raise SinkError("cannot close", "notebook", "try again")

    other = Notebook()

    with pytest.raises(SinkError, match="cannot close"):
        run_job(job(Camera(10), make_stream(), Stubborn(), other), stop=threading.Event())

    assert other.ending == "finished"


class Awaiting(Notebook):
    """A sink whose end stops the run, as Ctrl-C then does, and waits until it is hurried."""

    def __init__(self, stop):
        super().__init__()
        self._stop, self._hurried = stop, threading.Event()

    def hurry(self):
        self._hurried.set()

    def finish(self):
        self._stop.set()
        if not self._hurried.wait(HANGS_S):
            raise SinkError("nobody hurried it", "a sink", "hurry it")
        return super().finish()


class Patiently(Awaiting):
    """The same in mid-run, at each frame."""

    def write(self, painted):
        self.finish()
        super().write(painted)


def test_a_run_that_is_stopped_while_a_sink_waits_waits_no_longer(make_stream):
    stop = threading.Event()
    sink = Patiently(stop)

    frames = run_job(job(Camera(10**9, live=True), make_stream(), sink), stop=stop)

    assert frames == len(sink.indexes) == 1


class Quitting(Screen):
    """A screen that quits once it has shown a frame."""

    def attend(self, pipeline):
        if self.indexes:
            raise UserQuit


@pytest.mark.skipif(os.name == "nt", reason="Windows does not say whether a pipe has room")
@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("quits", [False, True])
def test_a_run_ends_though_nobody_reads_what_it_sends_through_a_pipe(make_stream, live, quits):
    _, writing = filled_pipe()
    source, stop, written = Camera(10**9, live=live), threading.Event(), []
    sink = InBackground(VideoPipe(writing, source.info, whole=not live))
    screen = Quitting() if quits else None
    options = {"stop": stop, "progress": lambda: quits or stop.set(), "written": written.append}
    run = threading.Thread(target=run_job, args=(job(source, make_stream(), sink, screen=screen),), kwargs=options)

    run.daemon = True
    run.start()
    run.join(HANGS_S)

    assert not run.is_alive()
    assert [each.note for each in written] == ["not all of it was read"]


def test_a_run_that_is_stopped_while_a_sink_waits_at_the_end_waits_no_longer(make_stream):
    stop = threading.Event()
    sink = Awaiting(stop)

    run_job(job(Camera(3), make_stream(), sink), stop=stop)

    assert sink.ending == "finished"


class Meeting(Notebook):
    """A sink that ends when another one does."""

    def __init__(self, barrier):
        super().__init__()
        self._barrier = barrier

    def finish(self):
        self._barrier.wait(HANGS_S)
        return super().finish()


def test_sinks_end_at_the_same_time(make_stream):
    barrier = threading.Barrier(2)
    sinks = [Meeting(barrier), Meeting(barrier)]

    run_job(job(Camera(3), make_stream(), *sinks), stop=threading.Event())

    assert [sink.ending for sink in sinks] == ["finished", "finished"]

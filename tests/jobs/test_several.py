"""Several runs at once: what one of them does is no matter of the others."""

import threading

import pytest

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import EngineError, SinkError, SourceError
from deeplab_cv.jobs.job import Job, UserQuit
from deeplab_cv.jobs.several import NamedJob, run_jobs
from deeplab_cv.networks.opening import open_network
from deeplab_cv.overlay.view import View
from deeplab_cv.segmentation.common_engines import CommonEngines
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from tests.jobs.conftest import no_thread_is_left_behind as no_thread_is_left_behind
from tests.jobs.numbers import Camera, Notebook
from tests.tiny_networks import tiny_network


@pytest.fixture
def common(tmp_path):
    network = open_network(tiny_network(tmp_path))
    options = EngineOptions(backend="opencv", threads=1)
    return CommonEngines(lambda: NetworkEngines(network, options), PaceOptions(), shared_by=3)


def run(common, *pairs, stop=None, overview=None, progress=lambda: None):
    """Run sources with their sinks on common engines; what became of each, and in which order they were over."""
    over = []
    jobs = [
        NamedJob(f"camera-{place}", Job(source, common.stream(), [sink], View()))
        for place, (source, sink) in enumerate(pairs)
    ]
    outcomes = run_jobs(jobs, stop=stop or threading.Event(), overview=overview, progress=progress, over=over.append)
    assert sorted(outcome.label for outcome in over) == [named.label for named in jobs]
    return outcomes


def test_each_source_s_frames_reach_its_own_sinks(common):
    pairs = [(Camera(count), Notebook()) for count in (20, 30, 25)]
    counted = []

    outcomes = run(common, *pairs, progress=lambda: counted.append(1))

    assert [(outcome.label, outcome.frames) for outcome in outcomes] == [
        ("camera-0", 20),
        ("camera-1", 30),
        ("camera-2", 25),
    ]
    assert [sink.indexes for _, sink in pairs] == [list(range(20)), list(range(30)), list(range(25))]
    assert [written.frames for outcome in outcomes for written in outcome.written] == [20, 30, 25]
    assert len(counted) == 75


@pytest.mark.parametrize("failing", ["source", "sink", "engine"])
def test_one_that_fails_does_not_disturb_the_others(common, failing, monkeypatch):
    error = SourceError("the file is damaged", "0.1 s", "fetch it again")
    bad = Camera(3, ending=error if failing == "source" else None), Notebook(fails_at=1 if failing == "sink" else None)
    if failing == "engine":
        bad[0].read = lambda: (_ for _ in ()).throw(EngineError("the engine failed", "frame 0", "try another"))
    good = [(Camera(40), Notebook()) for _ in range(2)]

    outcomes = run(common, good[0], bad, good[1])

    assert [type(outcome.error) for outcome in outcomes] == [
        type(None),
        {"source": SourceError, "sink": SinkError, "engine": EngineError}[failing],
        type(None),
    ]
    assert [sink.indexes for _, sink in good] == [list(range(40))] * 2
    assert [sink.ending for _, sink in good] == ["finished"] * 2
    assert bad[1].ending == "abandoned"


def test_a_request_to_stop_ends_all_and_live_ones_are_whole(common):
    stop = threading.Event()
    pairs = [(Camera(10**9, live=True), Notebook()) for _ in range(3)]

    def stop_once_all_flow():
        if all(sink.indexes for _, sink in pairs):
            stop.set()

    outcomes = run(common, *pairs, stop=stop, progress=stop_once_all_flow)

    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert [sink.ending for _, sink in pairs] == ["finished"] * 3


class Watcher:
    """An overview that quits once each run has come to a frame, and remembers what is over."""

    def __init__(self, pairs):
        self.pairs, self.ended, self.thread = pairs, [], None

    def attend(self):
        self.thread = threading.current_thread()
        if all(sink.indexes for _, sink in self.pairs):
            raise UserQuit

    def over(self, outcome):
        self.ended.append(outcome.label)


def test_who_looks_at_all_of_them_may_end_them_and_hears_of_each_end(common):
    pairs = [(Camera(10**9, live=True), Notebook()) for _ in range(2)]
    watcher = Watcher(pairs)

    outcomes = run(common, *pairs, overview=watcher)

    assert watcher.thread is threading.current_thread()
    assert sorted(watcher.ended) == [outcome.label for outcome in outcomes]
    assert [outcome.error for outcome in outcomes] == [None, None]


def test_an_overview_that_fails_leaves_no_run_behind(common):
    pairs = [(Camera(10**9, live=True), Notebook()) for _ in range(2)]

    class Broken(Watcher):
        def attend(self):
            raise RuntimeError("the window is broken")

    with pytest.raises(RuntimeError, match="broken"):
        run(common, *pairs, overview=Broken(pairs))

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("camera-")]

"""Settings -> a job, without a process of its own."""

import json
import logging
import threading
from urllib.request import urlopen

import numpy as np
import pytest

from deeplab_cv import start
from deeplab_cv.errors import EngineError, SettingsError, SinkError, UsageError
from deeplab_cv.jobs.job import run_job
from deeplab_cv.segmentation import network_engines
from deeplab_cv.settings import Settings, settings_of
from deeplab_cv.start import assembled, first_view, with_an_output
from tests.jobs.numbers import Camera
from tests.tiny_networks import tiny_network
from tests.waiting import HANGS_S, wait_for


@pytest.fixture
def settings(tmp_path):
    network = tmp_path / "network"
    network.mkdir()
    values = {"model": str(tiny_network(network)), "backend": "opencv", "headless": True, "pattern": True}
    return settings_of({**values, "end": 0.2, "width": 64, "height": 48, "stats": str(tmp_path / "areas.csv")})


def test_a_job_is_put_together_and_run_in_any_thread(settings):
    frames = []
    with assembled(settings) as job:
        thread = threading.Thread(target=lambda: frames.append(run_job(job, stop=threading.Event())))
        thread.start()
        thread.join()

    assert frames[0] > 0
    assert job.screen is None


def test_a_job_that_is_never_run_gives_its_engine_back(settings):
    with assembled(settings) as job:
        loaded = job.stream.engines.load(job.source.info.size)

    with pytest.raises(EngineError, match="closed"):
        loaded.shared.submit(np.zeros((1, 3, *loaded.input_size.hw), np.float32))


def test_a_job_with_a_window_that_is_never_run_closes_the_window_and_has_loaded_no_engine(settings, monkeypatch):
    class Pane:
        def __init__(self, title):
            self.closed = False
            panes.append(self)

        def close(self):
            self.closed = True

    panes, loaded = [], []
    monkeypatch.setattr(start, "display_problem", lambda: None)
    monkeypatch.setattr(start, "Window", Pane)
    monkeypatch.setattr(network_engines, "choose", lambda *asked, **options: loaded.append(asked))
    output = settings.output.model_copy(update={"headless": False})

    with assembled(settings.model_copy(update={"output": output})) as job:
        assert job.screen is not None

    assert [pane.closed for pane in panes] == [True]
    assert loaded == []


def test_events_are_recorded_beside_other_outputs(settings, tmp_path):
    events = settings.events.model_copy(update={"record_to": str(tmp_path / "recordings")})

    with assembled(settings.model_copy(update={"events": events})) as job:
        frames = run_job(job, stop=threading.Event())

    (record,) = (json.loads(path.read_text()) for path in (tmp_path / "recordings").glob("*.json"))
    assert record["frames"] == frames and record["source"] == "test pattern"
    assert (tmp_path / "areas.csv").read_text().count("\n") == frames + 1


def test_a_recording_alone_is_an_output(tmp_path):
    settings = settings_of({"pattern": True, "headless": True, "record_to": str(tmp_path)})

    assert with_an_output(settings, "--headless") is settings


def test_a_recorder_that_cannot_write_lets_the_run_go_on_and_fails_it_at_the_end(settings, tmp_path):
    folder = tmp_path / "recordings"
    events = settings.events.model_copy(update={"record_to": str(folder)})

    with assembled(settings.model_copy(update={"events": events})) as job:
        folder.write_bytes(b"a file in its place")
        with pytest.raises(SinkError, match="cannot write"):
            run_job(job, stop=threading.Event())

    assert (tmp_path / "areas.csv").read_text().count("\n") == 7


def test_limits_without_recordings_are_refused_before_anything_is_opened(settings):
    events = settings.events.model_copy(update={"record_limit": "1GB"})

    with (
        pytest.raises(UsageError, match="nothing is recorded"),
        assembled(settings.model_copy(update={"events": events})),
    ):
        pass


def test_a_source_may_be_given_in_place_of_the_settings_own(settings):
    class Numbers(Camera):
        def close(self):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.close()

    outputs = []
    with assembled(settings, source=Numbers(5)) as job:
        run_job(job, stop=threading.Event(), written=outputs.append)

    assert [output.frames for output in outputs] == [5]


def test_an_unknown_class_is_found_before_anything_is_written(settings, tmp_path):
    picture = settings.picture.model_copy(update={"paint": {"unicorn": (1, 2, 3)}})
    unknown = settings.model_copy(update={"picture": picture})

    with pytest.raises(SettingsError, match="unicorn"), assembled(unknown):
        pass
    assert not (tmp_path / "areas.csv").exists()


def test_none_and_two_sources_are_refused():
    for several in (Settings(), settings_of({"demo": True, "pattern": True})):
        with pytest.raises(UsageError, match="named"), assembled(several):
            pass


def test_a_picture_waits_and_in_the_tutorial_it_is_unpainted():
    views = [first_view(settings_of({"tutorial": tutorial}), pictures=True, live=False) for tutorial in (False, True)]

    assert [(view.overlay, view.paused) for view in views] == [(True, True), (False, True)]


@pytest.mark.parametrize(
    ("words", "live", "smooth"),
    [({}, True, 0.6), ({}, False, 0.0), ({"smooth": 0}, True, 0.0), ({"smooth": 0.3}, False, 0.3)],
)
def test_live_pictures_are_smoothed_and_files_are_not_unless_the_user_says_so(words, live, smooth):
    view = first_view(settings_of(words), pictures=False, live=live)

    assert (view.smooth, view.usual_smooth) == (smooth, words.get("smooth") or 0.6)


@pytest.mark.parametrize("words", [{"pattern": True}, {"image": "pictures", "out": "painted"}])
def test_the_tutorial_is_for_pictures_that_are_shown(words, monkeypatch):
    monkeypatch.setattr("deeplab_cv.start.display_problem", lambda: None)

    with pytest.raises(UsageError, match="--tutorial"), assembled(settings_of({"tutorial": True} | words)):
        pass


def test_a_browser_s_camera_needs_a_page_that_sends_it(tmp_path):
    settings = settings_of({"browser_camera": True, "headless": True, "out": str(tmp_path / "out.mp4")})

    with pytest.raises(UsageError, match="--browser-camera --serve 8000"), assembled(settings):
        pass


def test_a_page_alone_is_an_output():
    settings = settings_of({"pattern": True, "headless": True, "serve": "8000"})

    assert with_an_output(settings, "--headless") == settings


def test_a_page_alone_infers_while_somebody_looks(settings, caplog):
    pytest.importorskip("uvicorn", reason="no uvicorn here: requirements-web.txt")
    caplog.set_level(logging.INFO)
    source = settings.source.model_copy(update={"end": None})
    output = settings.output.model_copy(update={"stats": None})
    page = settings.page.model_copy(update={"serve": "0"})
    alone = settings.model_copy(update={"source": source, "output": output, "page": page})
    stop = threading.Event()

    with assembled(alone) as job:
        run = threading.Thread(target=run_job, args=(job,), kwargs={"stop": stop}, daemon=True)
        run.start()
        link = caplog.messages[0].removeprefix("the page: ")

        def state():
            with urlopen(f"{link}api/state", timeout=HANGS_S) as answer:
                return json.load(answer)

        rests = wait_for(lambda: (said := state())["running"] and not said["inferring"] and said)
        wait_for(lambda: state()["running"]["frame"] > rests["running"]["frame"] + 5)
        with urlopen(f"{link}stream.mjpg", timeout=HANGS_S):
            wait_for(lambda: state()["inferring"])
        wait_for(lambda: not state()["inferring"])
        stop.set()
        run.join(HANGS_S)

    assert rests["running"]["rate"] == 0

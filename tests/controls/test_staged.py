"""Screens without a picture of their own in a real job."""

import threading

import pytest
import yaml

from deeplab_cv.controls.stage import Stage
from deeplab_cv.controls.staged import Staged, Unseen
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.job import Job, run_job
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.overlay.view import View
from deeplab_cv.sources.pattern import PatternSource
from tests.controls.numbers import DEFAULT, controls_of_numbers
from tests.jobs.conftest import make_stream as make_stream
from tests.jobs.numbers import Camera, Notebook
from tests.waiting import HANGS_S, wait_for


class Watching(Stage):
    """A stage that asks for the next action after each new picture, and remembers what it showed."""

    def __init__(self, controls, *actions):
        super().__init__()
        self.controls, self.actions = controls, list(actions)
        self.sizes, self.states = [], []

    def show(self, pixels, since_s, *, passed=False):
        super().show(pixels, since_s, passed=passed)
        self.sizes.append(pixels.size)
        if self.controls.shown is not None and self.actions:
            self.controls.ask(self.actions.pop(0))

    def say(self, state):
        super().say(state)
        self.states.append(state)


@pytest.fixture
def run(make_stream, tmp_path):
    def run_with(*actions, view=DEFAULT, sinks=(), count=10**6):
        controls = controls_of_numbers(tmp_path, view=view)
        stage = Watching(controls, *actions)
        source = Camera(count)
        screen = Staged(Unseen(controls), controls, stage, source.info, "numbers-0")
        frames = run_job(Job(source, make_stream(), list(sinks), view, screen), stop=threading.Event())
        return stage, frames

    return run_with


def test_a_run_without_a_window_is_on_the_stage_and_is_ended_by_who_looks_at_it(run):
    stage, frames = run("line", "quit")

    assert frames >= 1
    assert stage.picture.number >= 2
    assert (stage.state.source.name, stage.state.label) == ("numbers", "numbers-0")


def test_what_is_asked_for_is_seen_on_the_stage(run):
    stage, _ = run("style", "quit", sinks=[Notebook()])

    assert stage.state.view.picture.style == "mask"


def test_a_paused_picture_is_painted_anew_when_the_view_changes(run):
    side_by_side = PictureOptions(style="side-by-side")
    stage, frames = run("overlay", "quit", view=View(paused=True, picture=side_by_side))

    assert frames == 1
    assert stage.sizes[-2:] == [Size(128, 48), Size(64, 48)]


def test_every_frame_of_a_file_is_put_on_the_stage(run):
    stage, frames = run(count=5)

    assert frames == 5
    assert stage.picture.number >= 5


def test_the_state_follows_the_run(run):
    stage, _ = run("pause", "line", "pause", "quit")

    assert {state.view.paused for state in stage.states} == {True, False}
    assert stage.states[-1].status.made_by


class Theatre:
    """A live run that only the page shows, in a thread of its own; every frame that is inferred is counted."""

    def __init__(self, folder, stream):
        self.controls = controls_of_numbers(folder)
        self.stage = Stage()
        self.inferred = 0
        self.stop = threading.Event()
        source = PatternSource(Size(64, 48))
        screen = Staged(Unseen(self.controls), self.controls, self.stage, source.info, "pattern-0", rests=True)
        submit = stream.submit

        def counting(frame):
            self.inferred += 1
            submit(frame)

        stream.submit = counting
        job = Job(source, stream, [], DEFAULT, screen)
        self.thread = threading.Thread(target=run_job, args=(job,), kwargs={"stop": self.stop}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        self.thread.join(HANGS_S)

    def pass_some(self, count=5):
        """Wait until so many more frames have gone by while nobody looked."""
        first = wait_for(lambda: self.controls.passed)
        wait_for(lambda: (passed := self.controls.passed) is not None and passed.index >= first.index + count)


@pytest.fixture
def theatre(make_stream, tmp_path):
    with Theatre(tmp_path, make_stream()) as theatre:
        yield theatre


def test_nothing_is_inferred_while_nobody_looks_but_the_first_frames(theatre):
    theatre.pass_some()
    before = theatre.inferred
    theatre.pass_some()

    assert theatre.inferred == before >= 1
    assert theatre.stage.state.status.rate == 0
    assert not theatre.stage.state.inferring
    assert theatre.stage.picture.passed


def test_whoever_begins_to_look_sees_painted_pictures_and_whoever_leaves_ends_them(theatre):
    theatre.pass_some()
    theatre.stage.audience = lambda: True
    wait_for(lambda: not theatre.stage.picture.passed and theatre.stage.state.inferring)
    theatre.stage.audience = lambda: False

    theatre.pass_some()


def test_who_asks_for_one_picture_gets_a_painted_one(theatre):
    theatre.pass_some()
    theatre.stage.glance()

    assert wait_for(lambda: not theatre.stage.picture.passed)


def test_what_speaks_of_a_frame_is_done_to_one_of_now(theatre, tmp_path):
    theatre.pass_some()
    passed = theatre.controls.passed.index
    theatre.controls.ask("snapshot")
    facts = yaml.safe_load(wait_for(lambda: [*tmp_path.glob("snapshot-*.yaml")])[0].read_text())

    assert facts["frame"] >= passed


def test_a_recording_goes_on_though_nobody_looks(theatre):
    theatre.pass_some()
    theatre.controls.ask("record")
    shown = wait_for(lambda: theatre.controls.wants_frames and theatre.controls.passed is None and theatre.inferred)
    wait_for(lambda: theatre.inferred > shown + 20)

    assert theatre.controls.passed is None
    theatre.controls.ask("record")
    theatre.pass_some()

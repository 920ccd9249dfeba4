"""The page's screen in a real job, beside another one or alone."""

import threading

import pytest

from deeplab_cv.controls.stage import Stage
from deeplab_cv.controls.staged import Staged, Unseen
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.job import Job, run_job
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.overlay.view import View
from tests.controls.numbers import DEFAULT, controls_of_numbers
from tests.jobs.conftest import make_stream as make_stream
from tests.jobs.numbers import Camera, Notebook


class Watching(Stage):
    """A stage that asks for the next action after each new picture, and remembers what it showed."""

    def __init__(self, controls, *actions):
        super().__init__()
        self.controls, self.actions = controls, list(actions)
        self.sizes, self.states = [], []

    def show(self, pixels, since_s):
        super().show(pixels, since_s)
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
        screen = Staged(Unseen(controls), controls, stage, source.info)
        frames = run_job(Job(source, make_stream(), list(sinks), view, screen), stop=threading.Event())
        return stage, frames

    return run_with


def test_a_run_without_a_window_is_on_the_page_and_is_ended_from_it(run):
    stage, frames = run("line", "quit")

    assert frames >= 1
    assert stage.picture.number >= 2
    assert stage.state.source.name == "numbers"


def test_what_the_page_asks_for_is_seen_on_it(run):
    stage, _ = run("style", "quit", sinks=[Notebook()])

    assert stage.state.view.picture.style == "mask"


def test_a_paused_picture_is_painted_anew_when_the_view_changes(run):
    side_by_side = PictureOptions(style="side-by-side")
    stage, frames = run("overlay", "quit", view=View(paused=True, picture=side_by_side))

    assert frames == 1
    assert stage.sizes[-2:] == [Size(128, 48), Size(64, 48)]


def test_every_frame_of_a_file_is_put_on_the_page(run):
    stage, frames = run(count=5)

    assert frames == 5
    assert stage.picture.number >= 5


def test_the_state_follows_the_run(run):
    stage, _ = run("pause", "line", "pause", "quit")

    assert {state.view.paused for state in stage.states} == {True, False}
    assert stage.states[-1].status.made_by

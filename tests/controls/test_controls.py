"""What actions do while a real job runs: asked by a script, without a window."""

import threading

import pytest

from deeplab_cv.controls.keys import PaintClass
from deeplab_cv.jobs.job import Job, run_job
from deeplab_cv.overlay.view import View
from tests.controls.numbers import DEFAULT, controls_of_numbers
from tests.jobs.conftest import make_stream as make_stream
from tests.jobs.numbers import Camera


class Script:
    """A screen without pixels: asks for the next action after each frame, and remembers what it saw."""

    def __init__(self, controls, *actions):
        self._controls, self._actions = controls, list(actions)
        self.seen = []

    view = property(lambda self: self._controls.view)
    waits = property(lambda self: self._controls.waits)

    def attend(self, pipeline):
        if self._controls.shown is not None and self._actions:
            self._controls.ask(self._actions.pop(0))
        if self._controls.attend(pipeline):
            self.seen.append((self._controls.view, self._controls.status(pipeline)))

    def rest(self):
        return False

    def show(self, scored, painted, pipeline):
        self._controls.show(scored, painted)

    def close(self):
        return self._controls.close()


@pytest.fixture
def run(make_stream, tmp_path):
    def run_script(*actions, pictures=False, view=DEFAULT):
        controls = controls_of_numbers(tmp_path, view=view, pictures=pictures)
        script = Script(controls, *actions)
        outputs = []
        job = Job(Camera(10**6), make_stream(), [], view, script)
        frames = run_job(job, stop=threading.Event(), written=outputs.append)
        return script.seen, frames, outputs

    return run_script


def test_a_paused_run_takes_one_frame_for_each_step(run):
    _, frames, _ = run("step", "step", "quit", view=View(paused=True))

    assert frames <= 3


def test_an_action_changes_the_view(run):
    seen, _, _ = run("style", PaintClass(2), "quit")

    assert [view.picture.style for view, _ in seen] == ["mask", "mask"]
    assert [view.hidden for view, _ in seen] == [frozenset(), {1}]


def test_segment_and_restart_are_refused_where_there_are_no_pictures(run):
    seen, _, _ = run("segment", "quit")

    assert seen[0][0].overlay
    assert "for pictures" in seen[0][1].message


def test_pictures_wait_for_segment_and_go_on_with_restart_and_have_no_pause(run):
    seen, _, _ = run("segment", "pause", "restart", "quit", pictures=True, view=View(overlay=False, paused=True))

    assert [(view.overlay, view.paused) for view, _ in seen] == [(True, True), (True, True), (False, True)]


def test_a_snapshot_lands_in_the_folder_that_was_given(run, tmp_path):
    seen, _, _ = run("snapshot", "quit")

    assert seen[0][1].message.startswith("saved snapshot-")
    assert len(list(tmp_path.glob("snapshot-*.yaml"))) == 1


def test_a_recording_is_ended_with_the_run_and_handed_over(run):
    seen, _, outputs = run("record", "quit")

    assert seen[0][1].recording
    assert len(outputs) == 1

"""What actions do while a real job runs: asked by a script, without a window."""

import threading

import pytest

from deeplab_cv.controls.keys import PaintClass
from deeplab_cv.jobs.job import Job, run_job
from deeplab_cv.overlay.view import View
from tests.controls.numbers import DEFAULT, controls_of_numbers
from tests.controls.scripts import Script
from tests.jobs.conftest import make_stream as make_stream
from tests.jobs.numbers import Camera


@pytest.fixture
def run(make_stream, tmp_path):
    def run_script(*actions, view=DEFAULT, recorder=None):
        controls = controls_of_numbers(tmp_path, view=view, recorder=recorder)
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
    assert [view.hidden for view, _ in seen] == [frozenset(), {"dog"}]


def test_segment_and_restart_are_refused_where_there_are_no_pictures(run):
    seen, _, _ = run("segment", "quit")

    assert seen[0][0].overlay
    assert "--tutorial" in seen[0][1].message


def test_a_snapshot_lands_in_the_folder_that_was_given(run, tmp_path):
    seen, _, _ = run("snapshot", "quit")

    assert seen[0][1].message.startswith("saved snapshot-")
    assert len(list(tmp_path.glob("snapshot-*.yaml"))) == 1


def test_where_events_are_recorded_the_key_is_theirs(run):
    class Events:
        running = False

        def toggle(self):
            self.running = not self.running
            return "recording an event"

    seen, _, outputs = run("record", "quit", recorder=Events())

    assert (seen[0][1].recording, seen[0][1].message) == (True, "recording an event")
    assert outputs == []


def test_a_recording_is_ended_with_the_run_and_handed_over(run):
    seen, _, outputs = run("record", "quit")

    assert seen[0][1].recording
    assert len(outputs) == 1

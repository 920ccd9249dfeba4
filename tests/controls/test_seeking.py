"""The arrow keys in a real job on a clip, asked by a script."""

import threading
from fractions import Fraction
from types import SimpleNamespace

import pytest

from deeplab_cv.controls.controls import Controls
from deeplab_cv.controls.seeking import Seeking, clock_time
from deeplab_cv.frames.frame import Span
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.job import Job, run_job
from deeplab_cv.overlay.view import View
from deeplab_cv.sources.pattern import PatternSource
from tests.controls.scripts import Steps
from tests.jobs.conftest import make_stream as make_stream
from tests.jobs.numbers import Notebook

PAUSED = View(paused=True)


@pytest.fixture
def run(make_stream, tmp_path):
    def run_script(*actions, source=None, writes=False):
        source = source or PatternSource(Size(64, 48), rate=Fraction(10), end=12.0)
        controls = Controls(
            PAUSED,
            pictures=False,
            folder=tmp_path,
            make_recorder=lambda path: Notebook(),
            network_file=None,
            source_name="numbers",
            span=source.info.span,
            writes=writes,
        )
        steps = Steps(controls, *actions, "quit")
        run_job(Job(source, make_stream(), [], PAUSED, steps), stop=threading.Event())
        return steps

    return run_script


def test_the_arrows_go_five_seconds_on_and_back_and_no_further_than_the_first_frame(run):
    steps = run("step", "later", "later", "earlier", "earlier", "earlier")

    assert steps.indexes == [0, 1, 51, 101, 51, 1, 0]


def test_a_pause_outlasts_a_seek_and_the_place_is_said(run):
    steps = run("later", "later")

    assert steps.indexes == [0, 50, 100]
    assert steps.messages[1:] == ["0:05 of 0:12", "0:10 of 0:12"]


def test_behind_the_end_there_is_nothing_to_go_to(run):
    steps = run("later", "later", "later")

    assert steps.indexes == [0, 50, 100]
    assert steps.messages[-1] == "it ends at 0:12"


def test_where_no_frame_lies_behind_what_is_shown_it_stays(run):
    steps = run("step", "later", "later", source=PatternSource(Size(64, 48), rate=Fraction(1, 6), end=11.5))

    assert steps.indexes == [0, 1, 1, 1]
    assert steps.messages[-1] == "it ends here"


def test_in_a_pause_the_last_frame_stays_and_from_there_one_may_go_back(run):
    steps = run("step", "step", "step", "earlier", source=PatternSource(Size(64, 48), rate=Fraction(10), end=0.3))

    assert steps.indexes == [0, 1, 2, 0]
    assert steps.messages[3] == "this is the last frame"


def test_nothing_is_sought_while_a_file_is_written(run):
    steps = run("later", writes=True)

    assert steps.indexes == [0]
    assert steps.messages[-1] == "no seeking while a file is written"


def test_nothing_is_sought_while_a_video_is_recorded(run):
    steps = run("record", "later")

    assert steps.indexes == [0]
    assert steps.messages[-1] == "no seeking while a video is recorded; w ends it"


def test_a_live_source_is_not_sought_in(run):
    assert "video files" in Seeking(None, writes=False).refusal(recording=False)


def test_presses_that_follow_one_another_add_up():
    places = []
    pipeline = SimpleNamespace(seek=lambda time_s, otherwise_s: places.append(time_s))
    seeking = Seeking(Span(Fraction(2), Fraction(60)), writes=False)
    frame = PatternSource(Size(64, 48), rate=Fraction(10), end=12.0).read()
    answers = [seeking.move(step_s, frame, pipeline) for step_s in (5, 5, 5, -5)]

    assert places == [5, 10, 15, 10]
    assert answers[-1] == "going to 0:08 of 0:58"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")])
def test_times_are_written_as_players_write_them(seconds, text):
    assert clock_time(Fraction(seconds)) == text

from dataclasses import replace

import pytest

from deeplab_cv.controls.keys import PaintClass, ShowSource
from deeplab_cv.controls.several import Panel, SeveralControls
from deeplab_cv.controls.stage import Stage
from deeplab_cv.errors import SourceError
from deeplab_cv.jobs.job import UserQuit
from deeplab_cv.jobs.several import Outcome
from tests.page.serving import STATUS, run_state, shown


class Listener:
    """The controls of one source, which only remember what they were asked for."""

    def __init__(self):
        self.asked, self.view, self.progress, self.shown = [], run_state().view, "", shown()

    def ask(self, *actions):
        self.asked += actions

    def report(self, text):
        self.progress = text


@pytest.fixture
def several():
    return SeveralControls([Panel(f"camera-{place}", Listener(), Stage()) for place in range(3)])


def do(several, *actions):
    several.ask(*actions)
    several.attend()
    return [panel.controls.asked for panel in several.panels]


def test_what_changes_the_view_is_done_to_all_of_them():
    for alone in ([], [ShowSource(1)]):
        several = SeveralControls([Panel(f"camera-{place}", Listener(), Stage()) for place in range(3)])
        assert (
            do(several, *alone, "style", PaintClass(1), "pause", "step")
            == [["style", PaintClass(1), "pause", "step"]] * 3
        )


def test_what_concerns_a_picture_is_done_to_the_one_that_is_shown_alone(several):
    assert do(several, "snapshot") == [["snapshot"]] * 3
    assert do(several, ShowSource(1), "record", "mirror") == [
        ["snapshot"],
        ["snapshot", "record", "mirror"],
        ["snapshot"],
    ]


def test_what_concerns_a_picture_is_not_asked_of_a_source_without_any(several):
    several.panels[0].controls.shown = None

    assert do(several, "snapshot", "backend", "style") == [
        ["style"],
        ["snapshot", "backend", "style"],
        ["snapshot", "style"],
    ]


def test_where_no_source_has_a_picture_yet_it_is_said(several):
    for panel in several.panels:
        panel.controls.shown = None

    assert do(several, "snapshot") == [[], [], []]
    assert several.message == "there is no picture yet"


def test_a_step_pauses_those_that_are_missing_too(several):
    several.panels[0].controls.shown = None

    assert do(several, "step") == [["pause"], ["step"], ["step"]]


def test_recording_is_ended_where_it_runs_before_it_begins_for_all(several):
    several.panels[1].stage.say(run_state(status=replace(STATUS, recording=True)))
    assert do(several, "record") == [[], ["record"], []]

    several.panels[1].stage.say(run_state())
    assert do(several, "record") == [["record"], ["record", "record"], ["record"]]


def test_another_engine_is_asked_for_once(several):
    assert do(several, "backend", "network") == [["backend", "network"], [], []]


def test_who_is_over_is_asked_for_nothing(several):
    several.over(Outcome("camera-0", 7))

    assert do(several, "style", "backend") == [[], ["style", "backend"], ["style"]]


def test_tab_shows_one_after_the_other_alone_and_g_all(several):
    seen = []
    for action in ("next_source", "next_source", "next_source", "next_source", "grid", ShowSource(2), ShowSource(9)):
        do(several, action)
        seen.append(several.alone)

    assert seen == [0, 1, 2, 0, None, 2, 2]


def test_escape_leaves_full_screen_first(several):
    do(several, "fullscreen")
    assert several.fullscreen
    do(several, "leave")
    assert not several.fullscreen
    assert several.panels[0].controls.asked == ["fullscreen", "fullscreen"]

    with pytest.raises(UserQuit):
        do(several, "leave")


def test_q_ends_all(several):
    with pytest.raises(UserQuit):
        do(several, "quit")


def test_an_answer_that_all_give_is_said_once_and_others_with_who_gives_them(several):
    for panel, message in zip(several.panels, ("style mask", "style mask", "style mask"), strict=True):
        panel.stage.say(run_state(status=with_message(message)))
    assert several.message == "style mask"

    for panel, message in zip(several.panels, ("saved a", "", "saved c"), strict=True):
        panel.stage.say(run_state(status=with_message(message)))
    assert several.message == "camera-0: saved a; camera-2: saved c"


def with_message(text):
    return replace(STATUS, message=text)


def test_what_is_done_while_engines_are_loaded_is_said_of_all(several):
    several.report("trying openvino")

    assert [panel.controls.progress for panel in several.panels] == ["trying openvino"] * 3


def test_why_a_source_is_over_is_said(several):
    several.over(Outcome("camera-0", 7))
    several.over(Outcome("camera-2", 0, error=SourceError("the file is damaged", "0.3 s", "fetch it again")))

    assert [panel.over for panel in several.panels] == [
        "it has ended",
        "",
        "the file is damaged: 0.3 s; fetch it again",
    ]


def test_faces_are_asked_and_shown_what_is_new(several):
    class Face:
        def __init__(self):
            self.changes = []

        def look(self):
            return ["style"] if not self.changes else []

        def refresh(self, controls, *, changed):
            self.changes.append((controls, changed))

    face = Face()
    several.show_on(face)
    several.attend()
    several.attend()

    assert face.changes == [(several, True), (several, False)]
    assert several.panels[0].controls.asked == ["style"]

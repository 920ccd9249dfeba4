"""Several sources on the page's stage."""

from dataclasses import replace

import numpy as np
import pytest

from deeplab_cv.controls.keys import ShowSource
from deeplab_cv.controls.several import Panel, SeveralControls
from deeplab_cv.controls.stage import Stage
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.several import Outcome
from deeplab_cv.page.several import SeveralOnPage, state_of
from deeplab_cv.sources.state import SourceState
from tests.controls.test_several import Listener
from tests.page.serving import STATUS, pixels, run_state
from tests.waiting import wait_for


def draw(panels):
    numbers = [panel.stage.picture.number if panel.stage.picture else 0 for panel in panels]
    return lambda area: np.full((*area.hw, 3), numbers, np.uint8)


@pytest.fixture
def several():
    panels = [Panel(f"camera-{place}", Listener(), Stage()) for place in range(3)]
    for place, panel in enumerate(panels):
        panel.stage.show(pixels((place, place, place)), 10.0 + place)
        panel.stage.say(
            run_state(label=panel.label, status=replace(STATUS, rate=10.0, dropped=place, latency_ms=place))
        )
    return SeveralControls(panels)


@pytest.fixture
def stage(several):
    stage = Stage()
    several.show_on(SeveralOnPage(stage, several, draw))
    several.attend()
    return stage


def test_the_picture_is_a_grid_of_the_newest_pictures(several, stage):
    assert stage.picture.pixels.size == Size(1280, 720)
    assert stage.picture.since_s == 12.0

    several.panels[1].stage.show(pixels(), 20.0)
    wait_for(lambda: several.attend() or stage.picture.number == 2)

    assert stage.picture.pixels.image[0, 0].tolist() == [1, 2, 1]
    assert stage.picture.since_s == 20.0


def test_one_alone_is_shown_as_it_is(several, stage):
    several.ask(ShowSource(1))
    several.attend()

    assert stage.picture.pixels is several.panels[1].stage.picture.pixels
    assert (stage.state.alone, stage.state.source.name, stage.state.status.dropped) == (1, "camera 0", 1)


def test_one_alone_that_has_no_picture_is_its_cell_of_the_grid(several, stage):
    several.panels[1].stage.picture = None

    several.ask(ShowSource(1))
    several.attend()

    assert stage.picture.pixels.size == Size(1280, 720)
    assert stage.picture.pixels.image[0, 0].tolist() == [0, 0, 0]


def test_a_source_that_is_over_says_nothing_of_all_of_them_while_others_load(several):
    for panel in several.panels:
        panel.stage.say(run_state(label=panel.label, status=None, progress=f"loading {panel.label}"))
    several.panels[0].over = "no such file"

    state = state_of(several)

    assert (state.progress, state.source_state.phase) == ("loading camera-1", "playing")
    assert [source.over for source in state.sources] == ["no such file", "", ""]


def test_sources_are_watched_while_the_page_is_and_those_that_one_alone_hides_are_not(several, stage):
    def watched():
        return [panel.stage.watched for panel in several.panels]

    assert watched() == [False] * 3

    stage.audience = lambda: True
    assert watched() == [True] * 3

    several.ask(ShowSource(1))
    several.attend()
    assert watched() == [False, True, False]


def test_pictures_that_went_by_unseen_are_told_as_such(several, stage):
    for panel in several.panels:
        assert not stage.picture.passed
        panel.stage.show(pixels(), 30.0, passed=True)
        wait_for(lambda panel=panel: several.attend() or draw_has(stage, several))

    assert stage.picture.passed


def draw_has(stage, several):
    """The newest pictures are on the page."""
    return stage.picture.pixels.image[0, 0].tolist() == [panel.stage.picture.number for panel in several.panels]


def test_the_state_is_that_of_all_together_and_of_each(several, stage):
    state = stage.state

    assert (state.source.name, state.alone) == ("3 sources", None)
    assert (state.status.rate, state.status.dropped, state.status.latency_ms) == (30.0, 3, 2)
    assert [each.label for each in state.sources] == ["camera-0", "camera-1", "camera-2"]


def test_a_source_that_is_over_no_longer_counts(several):
    several.over(Outcome("camera-2", 3))

    state = state_of(several)

    assert state.status.rate == 20.0
    assert [each.over for each in state.sources] == ["", "", "it has ended"]


def test_all_are_gone_only_when_each_is(several):
    for place, panel in enumerate(several.panels):
        assert state_of(several).source_state.phase == "playing"
        panel.stage.say(replace(panel.stage.state, source_state=SourceState(f"camera {place}", "gone")))

    assert state_of(several).source_state.phase == "gone"


def test_before_any_has_said_anything_there_is_no_state():
    assert state_of(SeveralControls([Panel("camera-0", Listener(), Stage())])) is None

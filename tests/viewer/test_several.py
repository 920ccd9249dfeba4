"""A window with several sources, driven as a person would, and its screen behind a stand-in for the glass."""

import re

import numpy as np
import pytest

from deeplab_cv.controls.keys import ShowSource
from deeplab_cv.controls.several import Panel, SeveralControls
from deeplab_cv.controls.stage import Stage
from deeplab_cv.frames.size import Size
from deeplab_cv.viewer.several import SeveralWindow
from tests.controls.test_several import Listener
from tests.page.serving import pixels, run_state
from tests.screen import Program, need_screen, virtual_screen
from tests.tiny_networks import tiny_network
from tests.waiting import wait_for

COLOURS = [(0, 0, 255), (0, 255, 0)]


class Pane:
    """A window without glass, which remembers what it was shown."""

    def __init__(self):
        self.shown, self.buttons, self.title, self.filled = [], [], "", False
        self.clicked = []

    def area_for(self, picture):
        return Size(640, 360)

    def fill_screen(self, *, on):
        self.filled = on

    def poll(self, wait_ms):
        clicked, self.clicked = self.clicked, []
        return clicked

    def show(self, picture, buttons=()):
        self.shown.append(picture)
        self.buttons = list(buttons)

    def entitle(self, title):
        self.title = title


@pytest.fixture
def several():
    panels = [Panel(f"camera-{place}", Listener(), Stage()) for place in range(2)]
    for panel, colour in zip(panels, COLOURS, strict=True):
        panel.stage.show(pixels(colour), 0.0)
        panel.stage.say(run_state(label=panel.label))
    return SeveralControls(panels)


@pytest.fixture
def pane(several):
    pane = Pane()
    several.show_on(SeveralWindow(pane))
    several.attend()
    return pane


def test_all_are_shown_in_a_grid_whose_cells_can_be_clicked(pane):
    assert [button.action for button in pane.buttons] == [ShowSource(0), ShowSource(1)]
    for button, colour in zip(pane.buttons, COLOURS, strict=True):
        left, top, width, height = button.box
        assert tuple(pane.shown[-1][top + height // 2, left + width // 2].tolist()) == colour
    assert pane.title == "deeplab-cv: 2 sources"


def test_a_click_shows_one_alone_with_its_classes_and_g_all(several, pane):
    pane.clicked.append(pane.buttons[1].action)
    several.attend()
    assert (pane.title, pane.buttons) == ("deeplab-cv: camera-1", [])

    pane.clicked.append("grid")
    several.attend()
    assert (pane.title, len(pane.buttons)) == ("deeplab-cv: 2 sources", 2)


def test_one_that_has_no_segmented_picture_yet_is_shown_as_it_is(several, pane):
    several.panels[0].controls.shown = None
    pane.clicked.append("next_source")
    several.attend()

    assert tuple(pane.shown[-1][200, 320].tolist()) == COLOURS[0]


def test_nothing_is_drawn_while_nothing_changes(several, pane):
    several.panels[1].stage.show(pixels(), 0.0)
    wait_for(lambda: several.attend() or len(pane.shown) == 2)
    for _ in range(10):
        several.attend()

    assert len(pane.shown) == 2


def test_help_is_shown_over_the_grid(several, pane):
    before = pane.shown[-1]
    for panel in several.panels:
        panel.controls.view = run_state().view.__class__(help=True)
    pane.clicked.append("help")
    several.attend()

    assert np.abs(pane.shown[-1].astype(int) - before).mean() > 10


@pytest.fixture(scope="module")
def display():
    need_screen()
    with virtual_screen() as name:
        yield name


@pytest.fixture
def program(display, tmp_path):
    network = tmp_path / "network"
    network.mkdir()
    folder = tmp_path / "here"
    folder.mkdir()
    words = ["--pattern", "--pattern", "--pattern", "--width", "320", "--height", "180"]
    program = Program(display, folder, "--model", str(tiny_network(network)), "--backend", "opencv", *words)
    yield program
    program.kill()


def test_the_real_window_shows_a_grid_one_alone_and_the_grid_again(program):
    wait_for(lambda: program.title() == "deeplab-cv: 3 sources")
    program.keys("Tab")
    wait_for(lambda: program.title() == "deeplab-cv: pattern-0")
    program.keys("Tab")
    wait_for(lambda: program.title() == "deeplab-cv: pattern-1")
    program.keys("g")
    wait_for(lambda: program.title() == "deeplab-cv: 3 sources")
    program.keys("q")

    assert program.wait() == 0


def test_a_click_into_the_real_window_shows_that_source_alone_and_p_saves_its_picture(program):
    wait_for(lambda: program.title() == "deeplab-cv: 3 sources")
    # A click that no cell is drawn under is none, and there is nothing to save before the first segmented picture.
    wait_for(lambda: program.click(100, 100) or program.title() == "deeplab-cv: pattern-0")
    names = wait_for(lambda: program.keys("p") or [path.name for path in program.folder.glob("snapshot-*.yaml")])

    assert all(re.fullmatch(r"snapshot-pattern-0-[\d-]+\.yaml", name) for name in names)
    program.keys("q")
    assert program.wait() == 0

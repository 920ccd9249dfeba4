import time
from dataclasses import replace

import numpy as np
import pytest

from deeplab_cv.controls.several import Panel
from deeplab_cv.controls.stage import Stage
from deeplab_cv.frames.size import Size
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.overlay.view import View
from deeplab_cv.sources.state import SourceState
from deeplab_cv.viewer.grid import CellView, GridDrawer, cell_view
from tests.page.serving import STATUS, pixels, run_state

BLUE, GREEN, RED = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def panel(over="", colour=RED, size=Size(64, 48), **state):
    stage = Stage()
    stage.show(pixels(colour, size), time.monotonic())
    stage.say(run_state(**state))
    return Panel("camera-0", None, stage, over)


def lines_of(**changes):
    return cell_view(panel(**changes)).lines


def test_a_cell_has_name_rate_and_latency():
    assert lines_of() == ("camera-0  30.0 frames/s  12 ms",)
    assert lines_of(status=replace(STATUS, live=False)) == ("camera-0  30.0 frames/s",)


def test_a_cell_says_what_keeps_its_source():
    gone = SourceState("camera 0", "gone", retry_at=time.monotonic() + 3.5)

    assert lines_of(source_state=gone) == ("camera-0", "camera 0 is gone, trying again in 4 s")
    assert lines_of(source_state=SourceState("camera 0", notices=("the picture stands still",)))[1:] == (
        "the picture stands still",
    )
    assert lines_of(status=None, shown=None, progress="trying openvino") == ("camera-0", "trying openvino")
    assert lines_of(view=View(paused=True)) == ("camera-0  paused",)
    assert lines_of(status=replace(STATUS, recording=True))[1:] == ("recording",)
    assert lines_of(over="it has ended") == ("camera-0", "it has ended")


def test_without_the_line_of_figures_a_cell_has_its_name_alone():
    assert lines_of(view=View(picture=PictureOptions(line=False))) == ("camera-0",)


@pytest.mark.parametrize("change", [{"over": "it has ended"}, {"source_state": SourceState("camera 0", "gone")}])
def test_the_last_picture_of_a_source_that_is_gone_is_grey(change):
    cell = GridDrawer().draw([cell_view(panel(**change))], Size(320, 180))

    assert len(set(cell[120, 160].tolist())) == 1


def test_a_source_that_has_said_nothing_yet_has_its_name():
    assert cell_view(Panel("camera-0", None, Stage())) == CellView(None, False, ("camera-0",))


def test_each_source_lies_in_its_own_cell_and_keeps_its_aspect():
    colours = [RED, GREEN, BLUE]
    views = [cell_view(panel(colour=colour, size=Size(96, 96))) for colour in colours]

    grid = GridDrawer().draw(views, Size(640, 360))

    assert grid.shape == (360, 640, 3)
    middles = [grid[120, 160], grid[120, 480], grid[300, 160]]
    assert [tuple(middle.tolist()) for middle in middles] == colours
    # The fourth cell is empty, and so is what is beside a square picture.
    assert not grid[300, 480].any()
    assert not grid[120, 20].any()


def test_only_the_cells_that_changed_are_drawn_anew():
    drawer, first, second = GridDrawer(), panel(colour=RED), panel(colour=GREEN)
    painted = []

    class Counted(type(pixels())):
        @property
        def image(self):
            painted.append(1)
            return np.full((48, 64, 3), BLUE, np.uint8)

    second.stage.show(Counted(image=np.zeros((48, 64, 3), np.uint8)), time.monotonic())
    for _ in range(3):
        drawer.draw([cell_view(first), cell_view(second)], Size(640, 180))
    assert len(painted) == 1

    first.stage.show(pixels(GREEN), time.monotonic())
    grid = drawer.draw([cell_view(first), cell_view(second)], Size(640, 180))
    assert tuple(grid[120, 160].tolist()) == GREEN
    assert len(painted) == 1

    drawer.draw([cell_view(first), cell_view(second)], Size(320, 180))
    assert len(painted) == 2

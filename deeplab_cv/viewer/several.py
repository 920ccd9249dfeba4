"""A window with several sources: all of them in a grid, or one alone."""

import time
from collections.abc import Sequence

from deeplab_cv.controls.grid import USUAL_AREA, grid_cells
from deeplab_cv.controls.keys import Action, ShowSource
from deeplab_cv.controls.several import Panel, SeveralControls
from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.viewer.grid import CellView, GridDrawer, cell_view, drawn_cell
from deeplab_cv.viewer.screen import help_lines, run_drawn, screen_lines
from deeplab_cv.viewer.text import draw_lines
from deeplab_cv.viewer.window import Button, Window

_GRID_S = 1 / 30
"""The grid is drawn no more often, though some source has a new picture at almost any time."""


class SeveralWindow:
    """Shows several sources in a window, and hands its keys and clicks on; see controls.several.Face."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._drawer = GridDrawer()
        self._seen: object = None
        self._draw_at = 0.0

    def look(self) -> Sequence[Action]:
        """The keys and clicks that came."""
        return self._window.poll(0)

    def refresh(self, several: SeveralControls, *, changed: bool) -> None:
        """Show what is new."""
        self._window.fill_screen(on=several.fullscreen)
        now = time.monotonic()
        if not changed and now < self._draw_at:
            return
        area = self._window.area_for(USUAL_AREA)
        message, keys = list(filter(None, [several.message])), help_lines(several.view)
        alone = None if several.alone is None else several.panels[several.alone]
        views = [cell_view(panel) for panel in (several.panels if alone is None else [alone])]
        seen = (area, message, several.alone, views, several.view)
        if seen == self._seen:
            return
        self._seen = seen
        if alone is None:
            self._draw_at = now + _GRID_S
            buttons = [
                Button("", ShowSource(place), (cell.left, cell.top, *cell.size))
                for place, cell in enumerate(grid_cells(len(views), area))
            ]
            grid = draw_lines(draw_lines(self._drawer.draw(views, area), message, low=True), keys)
            self._window.show(grid, buttons)
            title = f"{len(views)} sources"
        else:
            self._window.show(_alone(alone, views[0], [*message, *keys], area))
            title = alone.label
        self._window.entitle(f"deeplab-cv: {title}")


def _alone(panel: Panel, cell: CellView, lines: Sequence[str], area: Size) -> Image:
    """One source as a window of its own shows it, with its name."""
    shown, state = panel.controls.shown, panel.stage.state
    status = state.status if state is not None else None
    if shown is None or state is None or status is None:
        return drawn_cell(CellView(cell.picture, cell.gone, (*cell.lines, *lines)), area)
    own = screen_lines(status, state.view, pictures=False)
    figures = [panel.label, *filter(None, [panel.over]), *(line for line in own if line != status.message)]
    without_help = [line for line in figures if "\t" not in line]
    return run_drawn(shown.painted, state.view, [*without_help, *lines], area=area, gone=cell.gone)

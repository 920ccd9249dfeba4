"""Several sources in one picture, each in a cell of its own with its name, rate and state."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deeplab_cv.controls.grid import grid_cells
from deeplab_cv.controls.several import Panel
from deeplab_cv.controls.stage import Picture
from deeplab_cv.frames.pixels import Image, fitted
from deeplab_cv.frames.size import Size
from deeplab_cv.viewer.screen import greyed, source_lines
from deeplab_cv.viewer.text import draw_lines


@dataclass(frozen=True)
class CellView:
    """What is seen of one source.

    Attributes:
        picture: its newest; None before the first.
        gone: no further one comes for now, so that it is shown in grey.
        lines: its name, its figures, and what else is to be known.
    """

    picture: Picture | None
    gone: bool
    lines: tuple[str, ...]


def cell_view(panel: Panel) -> CellView:
    """What is to be seen of a source now."""
    state = panel.stage.state
    if state is None:
        return CellView(panel.stage.picture, bool(panel.over), (panel.label, *filter(None, [panel.over])))
    status, source = state.status, state.source_state
    gone = source.phase != "playing"
    head, notes = [panel.label], list(source_lines(source))
    if status is None:
        notes += [] if gone else [state.progress]
    elif state.view.picture.line and not gone:
        head += ["paused"] if state.view.paused else [f"{status.rate:.1f} frames/s"]
        head += [f"{status.latency_ms:.0f} ms"] if status.live and not state.view.paused else []
    notes += ["recording"] if status is not None and status.recording else []
    if panel.over:
        head, notes, gone = [panel.label], [panel.over], True
    return CellView(panel.stage.picture, gone, ("  ".join(head), *notes))


class GridDrawer:
    """Draws cells into one picture; those that have not changed since the last one are taken from it."""

    def __init__(self) -> None:
        self._drawn: list[tuple[CellView, Image]] = []

    def draw(self, views: Sequence[CellView], area: Size) -> Image:
        """All cells: uint8 (H, W, 3), BGR, as large as the area."""
        canvas: Image = np.zeros((*area.hw, 3), np.uint8)
        before, drawn = self._drawn, []
        for place, (view, cell) in enumerate(zip(views, grid_cells(len(views), area), strict=True)):
            known = before[place] if place < len(before) else None
            fresh = known is None or known[0] != view or Size.of(known[1]) != cell.size
            image = drawn_cell(view, cell.size) if fresh or known is None else known[1]
            drawn.append((view, image))
            canvas[cell.top : cell.top + cell.size.height, cell.left : cell.left + cell.size.width] = image
        self._drawn = drawn
        return canvas


def drawn_cell(view: CellView, size: Size) -> Image:
    """One source's picture, letterboxed, with its lines: uint8 (H, W, 3), BGR, of this size."""
    if view.picture is None:
        image: Image = np.zeros((*size.hw, 3), np.uint8)
    else:
        image = fitted(view.picture.pixels.image, size)
    return draw_lines(greyed(image) if view.gone else image, view.lines)

"""Where each of several sources lies in a picture of all of them."""

from dataclasses import dataclass

from deeplab_cv.frames.size import Size

USUAL_AREA = Size(1280, 720)
"""Of a grid whose size nobody has chosen; most sources have its aspect."""


@dataclass(frozen=True)
class Cell:
    """A source's part of the picture, in pixels."""

    left: int
    top: int
    size: Size


def grid_cells(count: int, area: Size) -> list[Cell]:
    """The parts of an area for so many sources, row by row, such that pictures of the usual aspect become largest."""
    # Of two ways that are as good the one with fewer rows.
    columns = max(range(1, count + 1), key=lambda each: (round(_scale(each, count, area), 6), each))
    rows = -(-count // columns)
    cells = []
    for place in range(count):
        row, column = divmod(place, columns)
        left, right = (area.width * at // columns for at in (column, column + 1))
        top, bottom = (area.height * at // rows for at in (row, row + 1))
        cells.append(Cell(left, top, Size(max(1, right - left), max(1, bottom - top))))
    return cells


def _scale(columns: int, count: int, area: Size) -> float:
    rows = -(-count // columns)
    return min(area.width / columns / USUAL_AREA.width, area.height / rows / USUAL_AREA.height)

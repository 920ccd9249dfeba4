import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.controls.grid import USUAL_AREA, grid_cells
from deeplab_cv.frames.size import Size


@pytest.mark.parametrize(
    ("count", "columns", "rows"), [(1, 1, 1), (2, 2, 1), (4, 2, 2), (5, 3, 2), (9, 3, 3), (16, 4, 4)]
)
def test_pictures_of_the_usual_aspect_are_as_large_as_can_be(count, columns, rows):
    cells = grid_cells(count, USUAL_AREA)

    assert len({cell.left for cell in cells}) == columns
    assert len({cell.top for cell in cells}) == rows


def test_a_high_window_has_its_sources_one_above_the_other():
    assert [(cell.left, cell.top) for cell in grid_cells(3, Size(300, 900))] == [(0, 0), (0, 300), (0, 600)]


@given(count=st.integers(1, 16), width=st.integers(20, 3000), height=st.integers(20, 3000))
def test_cells_lie_in_the_area_and_not_in_each_other(count, width, height):
    cells = grid_cells(count, Size(width, height))

    corners = [(cell.left, cell.top, cell.left + cell.size.width, cell.top + cell.size.height) for cell in cells]
    assert all(0 <= left < right <= width and 0 <= top < bottom <= height for left, top, right, bottom in corners)
    for place, (left, top, right, bottom) in enumerate(corners):
        for other_left, other_top, other_right, other_bottom in corners[:place]:
            assert right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top

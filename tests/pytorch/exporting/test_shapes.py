import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.pytorch.exporting.shapes import ASPECTS, proven_shapes


@given(side=st.integers(160, 1024), multiple=st.sampled_from([8, 16, 32]))
def test_shapes_are_multiples_and_near_budget_and_aspect(side: int, multiple: int) -> None:
    shapes = proven_shapes([side], multiple)

    step = multiple / side
    assert all(height % multiple == 0 and width % multiple == 0 for height, width in shapes)
    assert all(abs(math.log(height * width / side**2)) < 2 * step for height, width in shapes)
    for aspect in ASPECTS:
        assert min(abs(math.log(width / height / aspect)) for height, width in shapes) < 2 * step


def test_the_default_budget_gives_exact_video_and_camera_shapes() -> None:
    assert proven_shapes([384], 16) == ((384, 384), (336, 448), (288, 512), (512, 288), (448, 336))


def test_each_size_gives_every_aspect_the_first_size_first() -> None:
    assert proven_shapes([384, 320], 16) == (
        *((384, 384), (336, 448), (288, 512), (512, 288), (448, 336)),
        *((320, 320), (272, 368), (240, 432), (432, 240), (368, 272)),
    )


@pytest.mark.parametrize("side", [16, 32, 40])
def test_tiny_budgets_name_no_shape_twice(side: int) -> None:
    shapes = proven_shapes([side], 16)

    assert len(set(shapes)) == len(shapes) > 0

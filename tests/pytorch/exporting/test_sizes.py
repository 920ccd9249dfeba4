import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.pytorch.exporting.sizes import ASPECTS, proven_sizes


@given(side=st.integers(160, 1024), multiple=st.sampled_from([8, 16, 32]))
def test_sizes_are_multiples_and_near_budget_and_aspect(side: int, multiple: int) -> None:
    sizes = proven_sizes([side], multiple)

    step = multiple / side
    assert all(height % multiple == 0 and width % multiple == 0 for width, height in sizes)
    assert all(abs(math.log(height * width / side**2)) < 2 * step for width, height in sizes)
    for aspect in ASPECTS:
        assert min(abs(math.log(width / height / aspect)) for width, height in sizes) < 2 * step


def test_the_default_budget_gives_exact_video_and_camera_sizes() -> None:
    assert proven_sizes([384], 16) == ((384, 384), (448, 336), (512, 288), (288, 512), (336, 448))


def test_each_size_gives_every_aspect_the_first_size_first() -> None:
    assert proven_sizes([384, 320], 16) == (
        *((384, 384), (448, 336), (512, 288), (288, 512), (336, 448)),
        *((320, 320), (368, 272), (432, 240), (240, 432), (272, 368)),
    )


@pytest.mark.parametrize("side", [16, 32, 40])
def test_tiny_budgets_name_no_size_twice(side: int) -> None:
    sizes = proven_sizes([side], 16)

    assert len(set(sizes)) == len(sizes) > 0

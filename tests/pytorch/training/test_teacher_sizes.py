import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.frames.size import Size
from deeplab_cv.pytorch.training.teacher_sizes import teacher_size

OWN = Size(513, 513)


@pytest.mark.parametrize(
    ("picture", "seen"),
    [
        (Size(500, 500), OWN),
        (Size(500, 375), Size(593, 449)),
        (Size(375, 500), Size(449, 593)),
        (Size(500, 333), Size(625, 417)),
        (Size(1920, 1080), Size(689, 385)),
    ],
)
def test_a_picture_is_seen_at_its_shape_in_sides_of_sixteenths_and_one(picture: Size, seen: Size) -> None:
    assert teacher_size(picture, OWN) == seen


@given(st.integers(1, 4000), st.integers(1, 4000), st.sampled_from([Size(513, 513), Size(257, 257), Size(512, 288)]))
def test_every_size_has_about_the_teacher_s_own_area_and_its_rest_of_sixteen(
    width: int, height: int, own: Size
) -> None:
    seen = teacher_size(Size(width, height), own)

    assert (seen.width % 16, seen.height % 16) == (own.width % 16, own.height % 16)
    assert 0.9 < seen.width * seen.height / (own.width * own.height) < 1.1


def test_a_teacher_that_is_not_square_sees_a_square_picture_square() -> None:
    assert teacher_size(Size(300, 300), Size(512, 288)) == Size(384, 384)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.classes import IGNORE
from deeplab_cv.frames.size import Size
from deeplab_cv.pytorch.training.augment import (
    CameraLook,
    Crop,
    crop_size,
    cut_mask,
    cut_picture,
    random_crop,
    teacher_grid,
)

FILL = (127.0, 127.0, 127.0)


def ramp(width: int, height: int) -> np.ndarray:
    """A picture whose red tells the column and whose green the row."""
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([columns, rows, 0 * rows], axis=-1).astype(np.uint8)


@given(seed=st.integers(0, 2**32))
def test_picture_mask_and_teacher_show_the_same_places(seed: int) -> None:
    picture = ramp(200, 150)
    crop = random_crop(np.random.default_rng(seed), Size(200, 150), Size(64, 32))
    cut = cut_picture(picture, crop, FILL).astype(float)
    labels_x = cut_mask(picture[..., 0].copy(), crop, 4)
    grid_x = (teacher_grid(crop, 4, Size(200, 150))[..., 0] + 1) / 2 * 199
    middles = cut[..., 0].reshape(8, 4, 16, 4)[:, 1:3, :, 1:3].mean(axis=(1, 3))
    inside = (labels_x != IGNORE) & (grid_x > 3) & (grid_x < 196)
    inside &= np.abs(teacher_grid(crop, 4, Size(200, 150))[..., 1]) < 0.95
    assert np.abs(middles - grid_x)[inside].max(initial=0) < 1.6
    assert np.abs(labels_x - grid_x)[inside].max(initial=0) <= 1


@given(seed=st.integers(0, 2**32), width=st.integers(20, 400), height=st.integers(20, 400))
def test_a_crop_leaves_no_part_of_itself_empty_where_the_picture_is_large_enough(
    seed: int, width: int, height: int
) -> None:
    crop = random_crop(np.random.default_rng(seed), Size(width, height), Size(96, 64))
    known = cut_mask(np.zeros((height, width), np.uint8), crop, 4) != IGNORE
    wide_enough = width >= abs(crop.matrix[0, 0]) * 96 + 1
    high_enough = height >= abs(crop.matrix[1, 1]) * 64 + 1
    assert known.any()
    assert known.all() or not (wide_enough and high_enough)


def test_outside_the_picture_is_the_fill_colour_and_an_unknown_label() -> None:
    crop = Crop(np.array([[1.0, 0, -8], [0, 1.0, 0]]), 16, 16)
    assert cut_picture(ramp(100, 100), crop, FILL)[0, 0].tolist() == [127, 127, 127]
    assert cut_mask(np.zeros((100, 100), np.uint8), crop, 4).tolist() == [[255, 255, 0, 0]] * 4


@given(seed=st.integers(0, 2**32))
def test_batches_have_many_shapes_of_about_one_area(seed: int) -> None:
    width, height = crop_size(np.random.default_rng(seed), 288, 32)
    assert width % 32 == height % 32 == 0
    assert 0.75 < width * height / 288**2 < 1.25


def test_a_camera_look_keeps_size_and_type_and_changes_the_picture_at_times() -> None:
    look, picture = CameraLook(), ramp(64, 48)
    looks = [look(picture, np.random.default_rng(seed)) for seed in range(30)]
    assert all(changed.shape == picture.shape and changed.dtype == np.uint8 for changed in looks)
    assert any((changed != picture).any() for changed in looks)

import cv2
import numpy as np
import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.following import Follower, cell_origins, followed_size, moved_scores

CELLS = Size(40, 24)


def picture(seed=0):
    """A soft random picture, larger than it is looked at."""
    small = np.random.default_rng(seed).integers(0, 256, (24, 40)).astype(np.uint8)
    return cv2.resize(small, (400, 240), interpolation=cv2.INTER_CUBIC)


def seen_from(image, x, y=20):
    """The part of it that a camera sees."""
    size = followed_size(CELLS)
    return np.ascontiguousarray(image[y : y + size.height, x : x + size.width])


@pytest.mark.parametrize("cells", [Size(64, 36), Size(36, 64), Size(48, 48), Size(42, 24), Size(513, 513), Size(2, 90)])
def test_flow_is_sought_in_a_picture_of_about_the_same_number_of_pixels_for_any_grid(cells):
    size = followed_size(cells)

    assert min(size) >= 16
    assert 0.9 < size.width * size.height / (176 * 99) < 1.1 or min(size) == 16


def test_cells_of_a_still_picture_stay_where_they_are_and_are_believed():
    image = seen_from(picture(), 50)

    path = Follower().path(image, image, CELLS)

    columns, rows = np.meshgrid(np.arange(CELLS.width), np.arange(CELLS.height))
    np.testing.assert_allclose(path.origin, np.stack([columns, rows], axis=-1), atol=0.05)
    assert path.trust.shape == CELLS.hw
    assert path.trust.min() > 0.95


def test_cells_of_a_moving_picture_come_from_where_they_were():
    image = picture()

    path = Follower().path(seen_from(image, 54), seen_from(image, 50), CELLS)

    scale = CELLS.width / followed_size(CELLS).width
    moved = path.origin[4:-4, 4:-4, 0] - np.arange(CELLS.width)[4:-4]
    np.testing.assert_allclose(np.median(moved), 4 * scale, atol=0.05)
    assert np.median(path.trust) > 0.9


def test_what_comes_into_the_picture_is_not_believed():
    image = picture()

    trust = Follower().path(seen_from(image, 62), seen_from(image, 50), CELLS).trust

    assert trust[:, -2:].max() < 0.1
    assert np.median(trust[:, 4:-8]) > 0.9


def test_another_scene_is_not_believed():
    trust = Follower().path(seen_from(picture(1), 50), seen_from(picture(2), 50), CELLS).trust

    assert np.median(trust) < 0.01


def test_noise_is_believed():
    generator, image = np.random.default_rng(0), seen_from(picture(), 50)
    noisy = [np.clip(image + generator.normal(0, 2, image.shape), 0, 255).astype(np.uint8) for _ in range(2)]

    assert np.median(Follower().path(noisy[0], noisy[1], CELLS).trust) > 0.8


def test_the_flow_of_pixels_becomes_the_origins_of_cells():
    flow = np.zeros((48, 80, 2), np.float32)
    flow[...] = (4, -2)

    origins = cell_origins(flow, CELLS)

    assert origins[5, 7].tolist() == [7 + 2, 5 - 1]


def test_scores_come_from_their_origins():
    scores = np.zeros((2, *CELLS.hw), np.float32)
    scores[1, 5, 9] = 3

    moved = moved_scores(scores, cell_origins(np.full((24, 40, 2), (2, 0), np.float32), CELLS))

    assert moved.dtype == np.float32
    assert moved[1, 5, 7] == 3
    assert moved.sum() == 3

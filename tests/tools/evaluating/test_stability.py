import math

import cv2
import numpy as np
import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.tools.evaluating.stability import FlickerMeter, compared_size


def texture(shift: int = 0) -> np.ndarray:
    """Soft blobs (120, 160, 3) that have moved right by some pixels."""
    random = np.random.default_rng(3)
    wide = cv2.GaussianBlur(random.integers(0, 256, (120, 240, 3), dtype=np.uint8), (0, 0), 3)
    wide = cv2.normalize(wide, None, 0, 255, cv2.NORM_MINMAX)
    return np.ascontiguousarray(wide[:, 40 - shift : 200 - shift])


def box(left: int) -> np.ndarray:
    labels = np.zeros((120, 160), np.uint8)
    labels[40:80, left : left + 40] = 15
    return labels


def flips(frames: list[tuple[np.ndarray, np.ndarray]]) -> float:
    meter = FlickerMeter(("one",))
    for image, labels in frames:
        meter.add(image, {"one": labels})
    return meter.stability("one").flips


def test_a_still_picture_with_the_same_labels_does_not_flicker() -> None:
    assert flips([(texture(), box(60))] * 3) == 0


def test_labels_that_move_with_the_picture_do_not_flicker() -> None:
    assert flips([(texture(4 * step), box(60 + 4 * step)) for step in range(4)]) < 0.005


def test_labels_that_stay_while_the_picture_moves_flicker() -> None:
    assert flips([(texture(4 * step), box(60)) for step in range(4)]) > 0.012


def test_the_share_of_flips_is_that_of_the_pixels_that_change() -> None:
    meter = FlickerMeter(("calm", "nervous"))
    for step in range(5):
        meter.add(texture(), {"calm": box(60), "nervous": box(60) * np.uint8(step % 2)})
    nervous = meter.stability("nervous")
    assert nervous.flips == pytest.approx(40 * 40 / (120 * 160), rel=0.02)
    assert nervous.object_flips == 1 and meter.stability("calm").object_flips == 0


def test_pixels_that_come_into_view_are_not_followed() -> None:
    meter = FlickerMeter(("one",))
    for shift in (0, 8, 16):
        meter.add(texture(shift), {"one": box(60)})
    assert 0.85 < meter.stability("one").followed < 0.96


def test_without_objects_there_is_no_share_of_them() -> None:
    meter = FlickerMeter(("one",))
    for _ in range(2):
        meter.add(texture(), {"one": np.zeros((120, 160), np.uint8)})
    assert math.isnan(meter.stability("one").object_flips)


@pytest.mark.parametrize(("size", "expected"), [(Size(1280, 720), Size(640, 360)), (Size(320, 200), Size(320, 200))])
def test_large_frames_are_compared_smaller(size: Size, expected: tuple[int, int]) -> None:
    assert compared_size(size) == expected

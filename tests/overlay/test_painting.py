from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.frames.frame import WHOLE_INPUT, Frame, Scored
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.overlay.options import STYLES, PictureOptions
from deeplab_cv.overlay.painting import painted_frame, painted_pixels
from deeplab_cv.overlay.view import View
from tests.overlay.scenes import DOG, PERSON, labels_with_square, look, random_picture, scored_as

GREY = np.full((4, 6, 3), 100, np.uint8)
LABELS = np.zeros((4, 6), np.uint8)
LABELS[:, 3:] = 15


@pytest.fixture
def scored():
    frame = Frame(Pixels(image=GREY.copy()), 0, 0, Fraction(1, 25), 0.0)
    return Scored(
        frame,
        np.zeros((21, 1, 1), np.float32),
        area=WHOLE_INPUT,
        align_corners=False,
        class_names=VOC_CLASSES,
        made_by="nobody",
        inference_ms=0.0,
    )


def test_a_person_is_painted_half_red_and_the_background_left_alone(scored):
    picture = painted_frame(scored, LABELS, View()).pixels.image

    assert (picture[:, :3] == 100).all()
    assert picture[0, 4].tolist() == pytest.approx([50, 50, 177], abs=1)


def test_without_the_overlay_the_frame_s_own_picture_is_handed_on(scored):
    painted = painted_frame(scored, LABELS, View(overlay=False))

    assert painted.pixels is scored.frame.pixels
    assert painted.labels is LABELS


def test_the_frame_itself_is_not_painted_over(scored):
    painted_frame(scored, LABELS, View(picture=PictureOptions(style="mask"))).pixels.make()

    assert (scored.frame.image == GREY).all()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (97, 131), (300, 20)])
def test_every_style_leaves_its_input_untouched_at_every_size(style, size):
    image = random_picture(*size)
    labels = np.random.default_rng(1).choice([0, 3, PERSON, DOG], size).astype(np.uint8)
    scored = scored_as(image, labels)
    before = image.copy(), labels.copy(), scored.scores.copy()
    for each in (image, labels, scored.scores):
        each.setflags(write=False)

    pixels = painted_pixels(scored, labels, look(style))

    assert pixels.image.shape == (size[0], size[1] * (2 if style == "side-by-side" else 1), 3)
    assert pixels.image.dtype == np.uint8
    assert pixels.size.hw == pixels.image.shape[:2]
    for now, then in zip((image, labels, scored.scores), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("style", STYLES)
def test_two_frames_painted_one_after_the_other_do_not_mix(style):
    labels = labels_with_square(20, 20, 3, 3, 8)
    one, other = (scored_as(random_picture(20, 20, seed), labels) for seed in (1, 2))
    first = painted_pixels(one, labels, look(style)).image.copy()

    _ = painted_pixels(other, labels.T.copy(), look(style)).image

    np.testing.assert_array_equal(painted_pixels(one, labels, look(style)).image, first)

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from deeplab_cv.frames.frame import WHOLE_INPUT, Area, Frame, Scored
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.smoothing import ScoreSmoother


def picture(seed=0, size=Size(160, 96)):
    """A soft random picture."""
    small = np.random.default_rng(seed).integers(0, 256, (12, 20, 3)).astype(np.uint8)
    return cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)


def frame_of(image, index, name=""):
    return Frame(Pixels(image=image), index, pts=index, time_base=Fraction(1, 30), captured_at=0.0, name=name)


def scores_of(value, shape=(6, 10)):
    """Scores of two classes that differ by `value` everywhere."""
    return np.stack([np.full(shape, -value / 2), np.full(shape, value / 2)]).astype(np.float32)


class Smoother:
    """A smoother of one weight, for scores, frame and area."""

    def __init__(self, weight):
        self._smoother, self.weight = ScoreSmoother(), weight

    def smooth(self, scores, frame, area=WHOLE_INPUT, stream=0):
        names = tuple(str(label) for label in range(len(scores)))
        return self._smoother.smooth(
            Scored(
                frame,
                scores,
                area=area,
                align_corners=False,
                class_names=names,
                made_by="a test",
                inference_ms=1.0,
                stream=stream,
            ),
            self.weight,
        )


def leaning(scores):
    return scores[1] - scores[0]


def test_a_still_picture_averages_its_scores_as_the_weight_says():
    smoother, image = Smoother(0.8), picture()
    for index in range(40):
        smoother.smooth(scores_of(20), frame_of(image, index))

    smoothed = smoother.smooth(scores_of(-20), frame_of(image, 40))

    np.testing.assert_allclose(leaning(smoothed), 0.8 * 20 - 0.2 * 20, atol=0.1)


def test_a_second_frame_counts_as_much_as_the_first():
    smoother, image = Smoother(0.8), picture()
    smoother.smooth(scores_of(20), frame_of(image, 0))

    np.testing.assert_allclose(leaning(smoother.smooth(scores_of(-10), frame_of(image, 1))), 5, atol=0.3)


def test_what_the_network_is_unsure_of_counts_less_than_what_it_is_sure_of():
    smoother, image = Smoother(0.6), picture()
    smoother.smooth(scores_of(10), frame_of(image, 0))

    assert leaning(smoother.smooth(scores_of(-0.1), frame_of(image, 1))).min() > 5


def test_labels_that_flicker_in_a_still_noisy_picture_come_to_rest():
    generator = np.random.default_rng(1)
    smoother, image = Smoother(0.9), picture()
    rough, smooth = [], []
    for index in range(30):
        noisy = np.clip(image + generator.normal(0, 4, image.shape), 0, 255).astype(np.uint8)
        scores = generator.normal(0, 0.5, (3, 6, 10)).astype(np.float32)
        scores[1] += 0.5
        rough.append(labels_at(scores, Size(160, 96), align_corners=False))
        smooth.append(labels_at(smoother.smooth(scores, frame_of(noisy, index)), Size(160, 96), align_corners=False))

    flips = [np.mean(np.diff(labels[5:], axis=0) != 0) for labels in (rough, smooth)]
    assert flips[1] < flips[0] / 3


def test_what_changes_in_a_way_that_is_no_motion_keeps_nothing_of_earlier_frames():
    smoother, image = Smoother(0.9), picture()
    moved = image.copy()
    moved[32:64, 64:96] = 255 - moved[32:64, 64:96]
    smoother.smooth(scores_of(0.5), frame_of(image, 0))

    smoothed = leaning(smoother.smooth(scores_of(-0.5), frame_of(moved, 1)))

    assert smoothed[2:4, 4:6].max() < -0.45
    assert smoothed[:, 8:].min() > -0.1


def scene(left, size=Size(320, 192)):
    """A square with a pattern of its own before another picture, and its scores at stride 8."""
    image = picture(seed=1, size=size).copy()
    image[64:128, left : left + 64] = picture(seed=2, size=Size(64, 64))
    scores = np.zeros((2, size.height // 8, size.width // 8), np.float32)
    scores[0] = 4
    columns = np.clip((np.arange(size.width // 8) + 0.5) * 8 - left, -8, 72)
    inside = np.clip(np.minimum(columns, 64 - columns), -8, 8)
    scores[1, 8:16] = 4 + inside / 2
    return image, scores


@pytest.mark.parametrize("step", [0, 3, 8])
def test_a_moving_edge_is_not_late(step):
    smoother = Smoother(0.9)
    for index in range(12):
        image, scores = scene(40 + step * index)
        smoothed = smoother.smooth(scores, frame_of(image, index))
        labels = [labels_at(each, Size(320, 192), align_corners=False) for each in (scores, smoothed)]
        # Both edges: a trail would widen the one, a delay would narrow the other.
        lines = [each[96] for each in labels]
        assert abs(int(np.argmax(lines[0])) - int(np.argmax(lines[1]))) <= 3
        assert abs(int(lines[0].sum()) - int(lines[1].sum())) <= 4


def test_scores_follow_what_moves():
    # What the network saw of the moving square in its first frames is kept where it has moved, not where it was.
    smoother = Smoother(0.8)
    for index in range(5):
        image, scores = scene(40 + 8 * index)
        smoother.smooth(scores, frame_of(image, index))
    image, scores = scene(80)
    missed = scores.copy()
    missed[1] = 3.9

    smoothed = leaning(smoother.smooth(missed, frame_of(image, 5)))

    assert smoothed[10:14, 12:16].min() > 0
    assert smoothed[10:14, :3].max() < 0


def test_a_cut_forgets_even_what_looks_alike_in_both_scenes():
    smoother, image, scores = Smoother(0.9), picture(), scores_of(-0.5)
    following = picture(seed=9)
    following[:64, :64] = image[:64, :64]
    smoother.smooth(scores_of(0.5), frame_of(image, 0))

    np.testing.assert_array_equal(smoother.smooth(scores, frame_of(following, 1)), scores)


@pytest.mark.parametrize(
    "following",
    [
        pytest.param(frame_of(picture(), 40), id="a gap in time"),
        pytest.param(frame_of(picture(), 0), id="a step back in time"),
        pytest.param(frame_of(picture(size=Size(200, 96)), 1), id="another frame size"),
        pytest.param(frame_of(picture(), 1, name="other.jpg"), id="another picture file"),
    ],
)
def test_it_begins_anew_at(following):
    smoother, scores = Smoother(0.9), scores_of(-0.5)
    smoother.smooth(scores_of(0.5), frame_of(picture(), 0))

    np.testing.assert_array_equal(smoother.smooth(scores, following), scores)


def test_it_begins_anew_with_another_shape_of_scores():
    smoother, scores = Smoother(0.9), scores_of(-0.5, shape=(12, 20))
    smoother.smooth(scores_of(0.5), frame_of(picture(), 0))

    np.testing.assert_array_equal(smoother.smooth(scores, frame_of(picture(), 1)), scores)


def test_weight_nought_gives_the_scores_as_they_are():
    smoother, generator = Smoother(0), np.random.default_rng(0)
    for index in range(3):
        scores = generator.normal(0, 1, (3, 6, 10)).astype(np.float32)
        assert smoother.smooth(scores, frame_of(picture(), index)) is scores


def test_the_first_frame_s_scores_are_as_they_are():
    scores = np.random.default_rng(0).normal(0, 1, (3, 6, 10)).astype(np.float32)

    np.testing.assert_array_equal(Smoother(0.9).smooth(scores, frame_of(picture(), 0)), scores)


def test_weight_nought_switches_it_off_between_two_frames():
    smoother, scores = Smoother(0.9), scores_of(-0.5)
    smoother.smooth(scores_of(0.5), frame_of(picture(), 0))

    smoother.weight = 0

    assert smoother.smooth(scores, frame_of(picture(), 1)) is scores


def test_a_buffer_that_the_engine_uses_again_does_not_change_what_is_remembered():
    smoother, image, buffer = Smoother(0.9), picture(), scores_of(0.5)
    smoother.smooth(buffer, frame_of(image, 0))

    buffer[:] = scores_of(-0.5)

    assert leaning(smoother.smooth(buffer, frame_of(image, 1))).min() > -0.1


def test_motion_in_a_letterboxed_frame_is_found_where_the_input_shows_it():
    smoother, image, area = Smoother(0.9), picture(), Area(0, 0.25, 1, 0.5)
    moved = image.copy()
    moved[:32] = moved[:32] // 2
    smoother.smooth(scores_of(0.5, (12, 10)), frame_of(image, 0), area)

    smoothed = leaning(smoother.smooth(scores_of(-0.5, (12, 10)), frame_of(moved, 1), area))

    assert smoothed[3:5, 1:9].max() < -0.35
    assert smoothed[7:].min() > -0.1


def test_scores_of_another_network_are_not_averaged_with_the_earlier_ones():
    smoother, image, scores = Smoother(0.9), picture(), scores_of(-0.5)
    smoother.smooth(scores_of(0.5), frame_of(image, 0), stream=1)

    np.testing.assert_array_equal(smoother.smooth(scores, frame_of(image, 1), stream=2), scores)


def test_after_a_seek_nothing_of_the_frames_before_is_kept():
    smoother, image = Smoother(0.8), picture()
    smoother.smooth(scores_of(0.5), frame_of(image, 0))

    smoothed = smoother.smooth(scores_of(-0.5), replace(frame_of(image, 1), seeks=1))

    np.testing.assert_array_equal(smoothed, scores_of(-0.5))

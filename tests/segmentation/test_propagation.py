from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.frames.frame import WHOLE_INPUT, Frame
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.propagation import MOST_CARRIED, Propagator, frames_per_inference

INPUT_SIZE = Size(256, 144)


def scene(shift_x=0, seed=1, size=Size(512, 288)):
    """A patterned square on a patterned ground, `shift_x` pixels to the right."""
    random = np.random.default_rng(seed)
    width, height = size
    ground = cv2.resize(random.integers(0, 128, (9, 16, 3)).astype(np.uint8), size, interpolation=cv2.INTER_CUBIC)
    square = cv2.resize(random.integers(128, 256, (6, 6, 3)).astype(np.uint8), (128, 128))
    image = ground.copy()
    left = width // 2 - 64 + shift_x
    image[height // 2 - 64 : height // 2 + 64, left : left + 128] = square
    return image


def frame_of(image, index, time_s=None):
    pts = index if time_s is None else round(time_s * 30)
    return Frame(Pixels(image=image), index, pts=pts, time_base=Fraction(1, 30), captured_at=0.0)


def scores_of_square(shift_cells=0):
    """Class 1 where the scene's square is: float32 (2, 36, 64), 8 pixels of the scene a cell."""
    scores = np.zeros((2, 36, 64), np.float32)
    scores[0] = 1
    scores[:, 10:26, 24 + shift_cells : 40 + shift_cells] = np.array([0, 5], np.float32)[:, None, None]
    return scores


def ways(pace, frames):
    """How each frame gets its scores, inferred ones taking 10 ms."""
    propagator = Propagator(pace)
    plans = []
    for frame in frames:
        plan = propagator.plan(frame, INPUT_SIZE, WHOLE_INPUT)
        if plan.origin == "inferred":
            propagator.inferred(plan, scores_of_square(), 10.0)
        plans.append(plan.origin)
    return plans


def test_every_frame_is_inferred_unless_something_else_is_asked_for():
    assert ways(PaceOptions(), [frame_of(scene(), index) for index in range(4)]) == ["inferred"] * 4


def test_with_carry_three_every_third_frame_is_inferred():
    frames = [frame_of(scene(2 * index), index) for index in range(7)]

    assert ways(PaceOptions(carry=3), frames) == [
        "inferred",
        "carried",
        "carried",
        "inferred",
        "carried",
        "carried",
        "inferred",
    ]


def test_carried_labels_follow_what_moves():
    propagator = Propagator(PaceOptions(carry=2))
    first = propagator.plan(frame_of(scene(0), 0), INPUT_SIZE, WHOLE_INPUT)
    propagator.inferred(first, scores_of_square(), 10.0)

    second = propagator.plan(frame_of(scene(16), 1), INPUT_SIZE, WHOLE_INPUT)
    labels = labels_at(propagator.carried(second), Size(512, 288), align_corners=False)

    where_it_is = labels_at(scores_of_square(shift_cells=2), Size(512, 288), align_corners=False)
    where_it_was = labels_at(scores_of_square(), Size(512, 288), align_corners=False)
    assert np.mean(labels != where_it_is) < np.mean(where_it_was != where_it_is) / 4


def test_a_cut_is_inferred_though_its_turn_has_not_come():
    frames = [frame_of(scene(seed=1), 0), frame_of(scene(seed=2), 1), frame_of(scene(seed=2), 2)]

    assert ways(PaceOptions(carry=5), frames) == ["inferred", "inferred", "carried"]


def test_frames_of_another_size_are_inferred():
    frames = [frame_of(scene(), 0), frame_of(scene(size=Size(640, 480)), 1)]

    assert ways(PaceOptions(carry=5), frames) == ["inferred", "inferred"]


def test_a_clip_that_begins_again_is_inferred():
    frames = [frame_of(scene(), 5), frame_of(scene(), 0)]

    assert ways(PaceOptions(carry=5), frames) == ["inferred", "inferred"]


def test_a_still_picture_is_inferred_once_a_second():
    frames = [frame_of(scene(), index) for index in range(61)]

    plans = ways(PaceOptions(still=2), frames)

    assert [index for index, way in enumerate(plans) if way == "inferred"] == [0, 30, 60]


def test_a_still_picture_keeps_its_scores_bit_for_bit():
    propagator = Propagator(PaceOptions(still=2))
    first = propagator.plan(frame_of(scene(), 0), INPUT_SIZE, WHOLE_INPUT)
    propagator.inferred(first, scores_of_square(), 10.0)

    second = propagator.plan(frame_of(scene(), 1), INPUT_SIZE, WHOLE_INPUT)

    assert np.array_equal(propagator.carried(second), scores_of_square())


def test_a_small_part_that_changes_ends_stillness():
    changed = scene()
    changed[100:120, 200:220] = 255 - changed[100:120, 200:220]

    assert ways(PaceOptions(still=2), [frame_of(scene(), 0), frame_of(changed, 1)]) == ["inferred", "inferred"]


def test_slow_drift_is_seen_though_each_step_is_small():
    frames = [frame_of(cv2.add(scene() // 2, np.full((288, 512, 3), index, np.uint8)), index) for index in range(8)]

    assert ways(PaceOptions(still=2), frames).count("inferred") == 3


def test_a_wanted_rate_above_the_engines_carries_frames():
    propagator = Propagator(PaceOptions(target_fps=30))
    first = propagator.plan(frame_of(scene(), 0), INPUT_SIZE, WHOLE_INPUT)
    propagator.inferred(first, scores_of_square(), 100.0)
    propagator.spent(2.0)

    assert propagator.frames_per_inference == 4


def test_a_wanted_rate_the_engine_reaches_changes_nothing():
    frames = [frame_of(scene(index), index) for index in range(4)]

    assert ways(PaceOptions(target_fps=30), frames) == ["inferred"] * 4


@given(
    st.floats(1, 240),
    st.floats(0.1, 2000),
    st.floats(0.1, 50),
)
def test_the_frames_per_inference_reach_the_rate_or_are_as_many_as_allowed(fps, infer_ms, carry_ms):
    count = frames_per_inference(fps, infer_ms, carry_ms)

    mean_ms = (infer_ms + (count - 1) * carry_ms) / count
    assert 1 <= count <= MOST_CARRIED
    assert count == MOST_CARRIED or mean_ms <= 1001 / fps


def test_after_a_seek_a_frame_is_inferred():
    frames = [frame_of(scene(), index) for index in range(6)]
    frames[2:] = [replace(frame, seeks=1) for frame in frames[2:]]

    assert ways(PaceOptions(carry=3), frames) == ["inferred", "carried", "inferred", "carried", "carried", "inferred"]

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplab_cv.frames.frame import WHOLE_INPUT, Area
from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.labels import labels_at


def interpolate_plainly(scores, size, align_corners, area=WHOLE_INPUT, dtype=np.float32):
    """Every class at every pixel, in the order of operations that labels_at promises: down, then across."""
    scores = scores.astype(dtype)
    (top, bottom, down), (left, right, across) = (
        neighbours(size[axis], scores.shape[2 - axis], align_corners, start, extent, dtype)
        for axis, start, extent in ((1, area.top, area.height), (0, area.left, area.width))
    )
    rows = scores[:, top] + (scores[:, bottom] - scores[:, top]) * down[:, None]
    return rows[:, :, left] + (rows[:, :, right] - rows[:, :, left]) * across


def neighbours(pixels, count, align_corners, start, extent, dtype):
    index = np.arange(pixels)
    if align_corners:
        position = (start + extent * index / max(pixels - 1, 1)) * (count - 1)
    else:
        position = (start + extent * (index + 0.5) / pixels) * count - 0.5
    position = position.clip(0, count - 1)
    before = np.floor(position).astype(int)
    return before, np.minimum(before + 1, count - 1), (position - before).astype(dtype)


def random_scores(seed, shape, kind):
    generator = np.random.default_rng(seed)
    if kind == "few values, many ties":
        return generator.integers(-1, 2, shape).astype(np.float32)
    exponent = generator.integers(-42, 30) if kind == "any magnitude" else 0
    return (generator.standard_normal(shape) * 10.0**exponent).astype(np.float32)


sides = st.integers(1, 9)
pixels = st.integers(1, 48)
fractions = st.floats(0.1, 0.9)
areas = st.one_of(
    st.just(WHOLE_INPUT),
    st.builds(lambda extent, start: Area(start * (1 - extent), 0, extent, 1), fractions, fractions),
    st.builds(lambda extent, start: Area(0, start * (1 - extent), 1, extent), fractions, fractions),
)


@settings(max_examples=400)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 7), sides, sides),
    kind=st.sampled_from(["normal", "few values, many ties", "any magnitude"]),
    size=st.builds(Size, pixels, pixels),
    align_corners=st.booleans(),
    area=areas,
)
def test_labels_are_those_of_interpolating_every_class_everywhere(seed, shape, kind, size, align_corners, area):
    scores = random_scores(seed, shape, kind)

    labels = labels_at(scores, size, align_corners=align_corners, area=area)

    expected = interpolate_plainly(scores, size, align_corners, area).argmax(axis=0)
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == np.uint8


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), size=st.builds(Size, st.integers(1, 300), st.integers(1, 200)))
def test_smooth_scores_as_networks_give_them_are_labelled_exactly(seed, size):
    scores = interpolate_plainly(random_scores(seed, (21, 4, 5), "normal"), (48, 28), False) * 10

    labels = labels_at(scores, size, align_corners=False)

    np.testing.assert_array_equal(labels, interpolate_plainly(scores, size, False).argmax(axis=0))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(2, 7), sides, sides),
    size=st.builds(Size, pixels, pixels),
    align_corners=st.booleans(),
)
def test_labels_are_right_to_double_precision_where_classes_are_not_level(seed, shape, size, align_corners):
    scores = random_scores(seed, shape, "normal")

    labels = labels_at(scores, size, align_corners=align_corners)

    values = interpolate_plainly(scores, size, align_corners, dtype=np.float64)
    second, first = np.partition(values, -2, axis=0)[-2:]
    clear = first - second > 1e-5
    np.testing.assert_array_equal(labels[clear], values.argmax(axis=0)[clear])


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [Size(97, 61), Size(3, 200), Size(200, 3), Size(1, 1), Size(13, 7), Size(2, 1)])
def test_labels_agree_with_pytorch_where_classes_are_not_level(size, align_corners):
    torch = pytest.importorskip("torch", reason="needs the train requirements")
    scores = random_scores(5, (4, 7, 9), "normal")

    labels = labels_at(scores, size, align_corners=align_corners)

    values = torch.nn.functional.interpolate(
        torch.from_numpy(scores)[None], size.hw, mode="bilinear", align_corners=align_corners
    )[0].numpy()
    second, first = np.partition(values, -2, axis=0)[-2:]
    clear = first - second > 1e-5
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(labels[clear], values.argmax(axis=0)[clear])


@pytest.mark.parametrize("align_corners", [False, True])
def test_a_letterboxed_frame_is_labelled_as_the_crop_of_its_input(align_corners):
    scores = random_scores(3, (5, 8, 8), "normal")
    inputs = labels_at(scores, Size(64, 64), align_corners=align_corners)

    labels = labels_at(scores, Size(64, 32), align_corners=align_corners, area=Area(0, 0.25, 1, 0.5))

    if align_corners:
        assert (labels == inputs[16:48]).mean() > 0.95
    else:
        np.testing.assert_array_equal(labels, inputs[16:48])


def test_of_level_classes_the_lowest_number_wins():
    scores = np.zeros((6, 3, 3), np.float32)
    scores[[2, 4]] = 1

    assert (labels_at(scores, Size(10, 10), align_corners=False) == 2).all()


def test_scores_of_half_precision_are_taken():
    scores = random_scores(0, (3, 4, 4), "few values, many ties")

    np.testing.assert_array_equal(
        labels_at(scores.astype(np.float16), Size(20, 20), align_corners=False),
        labels_at(scores, Size(20, 20), align_corners=False),
    )


def test_the_scores_are_not_written_into():
    scores = random_scores(0, (3, 4, 4), "normal")
    before = scores.copy()

    labels_at(scores, Size(20, 20), align_corners=False)

    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused(broken):
    scores = np.zeros((3, 4, 4), np.float32)
    scores[1, 2, 3] = broken

    with pytest.raises(ValueError, match="numbers"):
        labels_at(scores, Size(8, 8), align_corners=False)


@pytest.mark.parametrize("shape", [(4, 4), (1, 3, 4, 4), (0, 4, 4), (257, 4, 4)])
def test_scores_of_another_form_are_refused(shape):
    with pytest.raises(ValueError, match="expected scores"):
        labels_at(np.zeros(shape, np.float32), Size(8, 8), align_corners=False)

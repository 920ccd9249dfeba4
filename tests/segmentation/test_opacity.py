from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplab_cv.frames.frame import WHOLE_INPUT, Area, Frame, Scored
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.labels import labels_of
from deeplab_cv.segmentation.opacity import opacity_of

DOG, PERSON = 1, 2


def scored_of(scores, size, align_corners=False, area=WHOLE_INPUT):
    frame = Frame(Pixels(image=np.zeros((*size.hw, 3), np.uint8)), 0, 0, Fraction(1, 25), 0.0)
    return Scored(
        frame,
        np.asarray(scores, np.float32),
        area=area,
        align_corners=align_corners,
        class_names=("background", "dog", "person"),
        made_by="",
        inference_ms=0.0,
    )


def ramp(lead, columns=8, rows=6, edge=4.0):
    """Scores where the person leads right of `edge` (in scores), by `lead` more with each score."""
    person = (np.arange(columns) + 0.5 - edge) * lead
    return np.stack([np.zeros((rows, columns)), np.full((rows, columns), -50.0), np.tile(person, (rows, 1))])


def opacity_at_the_edge(lead, size=Size(640, 480)):
    scored = scored_of(ramp(lead), size)
    return opacity_of(scored, labels_of(scored), [PERSON])


def test_opacity_rises_across_an_edge_from_nothing_to_all():
    row = opacity_at_the_edge(lead=40.0)[240].astype(int)

    assert row[0] == 0 and row[-1] == 255
    assert (np.diff(row) >= 0).all()
    assert 2 <= ((row > 0) & (row < 255)).sum() <= 12
    assert row[319] < 128 <= row[320]


@pytest.mark.parametrize(("sure", "unsure"), [(80.0, 40.0), (40.0, 27.0), (60.0, 1.0)])
def test_an_edge_is_wider_where_the_scores_are_less_sure(sure, unsure):
    def width(opacity):
        return ((opacity[240] > 0) & (opacity[240] < 255)).sum()

    assert width(opacity_at_the_edge(sure)) < width(opacity_at_the_edge(unsure)) <= 10


def test_an_edge_of_a_larger_picture_is_wider_in_proportion():
    small, large = opacity_at_the_edge(40.0), opacity_at_the_edge(40.0, Size(1280, 960))

    soft = [int(((each > 0) & (each < 255)).sum(axis=1)[0]) for each in (small, large)]
    assert soft[1] == pytest.approx(2 * soft[0], abs=2)


def test_what_the_network_is_unsure_of_inside_an_object_stays_opaque():
    scores = ramp(40.0)
    scores[2, 2:4, 6:8] = 0.3  # hardly ahead of the background
    scored = scored_of(scores, Size(640, 480))
    labels = labels_of(scored)

    opacity = opacity_of(scored, labels, [PERSON])

    assert (labels[:, 325:] == PERSON).all()
    assert (opacity[:, 340:] == 255).all()


def test_two_classes_of_the_cutout_that_touch_have_no_edge_between_them():
    scores = ramp(10.0)
    scores[DOG] = -scores[PERSON]
    scores[0] = -100
    scored = scored_of(scores, Size(640, 480))
    labels = labels_of(scored)

    assert set(np.unique(labels)) == {DOG, PERSON}
    assert (opacity_of(scored, labels, [DOG, PERSON]) == 255).all()
    assert 0 < opacity_of(scored, labels, [PERSON])[240, 318] < 255


@pytest.mark.parametrize("classes", [[], [PERSON], [0, DOG, PERSON]])
def test_pictures_without_an_edge_are_all_or_nothing(classes):
    scored = scored_of(np.zeros((3, 2, 2)), Size(9, 7))

    opacity = opacity_of(scored, labels_of(scored), classes)

    assert (opacity == (255 if 0 in classes else 0)).all()


sides, pixels, fractions = st.integers(1, 7), st.integers(1, 60), st.floats(0.2, 0.9)
areas = st.one_of(st.just(WHOLE_INPUT), st.builds(lambda extent: Area(0, (1 - extent) / 2, 1, extent), fractions))


@settings(max_examples=200)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(sides, sides),
    size=st.builds(Size, pixels, pixels),
    align_corners=st.booleans(),
    area=areas,
)
def test_a_pixel_is_more_than_half_opaque_just_where_its_label_is_of_the_cutout(seed, shape, size, align_corners, area):
    scores = np.random.default_rng(seed).integers(-3, 4, (3, *shape))
    scored = scored_of(scores, size, align_corners, area)
    labels = labels_of(scored)

    opacity = opacity_of(scored, labels, [PERSON])

    np.testing.assert_array_equal(opacity >= 128, labels == PERSON)

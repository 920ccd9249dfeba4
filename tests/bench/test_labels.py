import numpy as np
import pytest

from deeplab_cv.bench.labels import exact_labels, plain_labels
from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.labels import labels_at

SCORES = np.random.default_rng(0).normal(size=(5, 9, 16)).astype(np.float32)


@pytest.mark.parametrize("align_corners", [False, True])
def test_the_program_s_labels_are_those_of_interpolating_every_class_everywhere(align_corners):
    exact = exact_labels(SCORES, Size(160, 90), align_corners=align_corners)

    assert exact.shape == (90, 160)
    assert (labels_at(SCORES, Size(160, 90), align_corners=align_corners) == exact).all()


def test_the_plain_way_gives_the_same_but_for_rounding():
    assert (
        plain_labels(SCORES, Size(160, 90)) == exact_labels(SCORES, Size(160, 90), align_corners=False)
    ).mean() > 0.999

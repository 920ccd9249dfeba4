import numpy as np
import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.tools.data.outlines import draw_mask, encoded_outline, has_outline

pytest.importorskip("pycocotools", reason="COCO needs pycocotools (requirements-train.txt)")

SIZE = Size(8, 6)
LEFT = [[0, 0, 4, 0, 4, 6, 0, 6]]


@pytest.mark.parametrize(
    ("segmentation", "expected"),
    [
        (LEFT, True),
        (LEFT[0], True),
        ({"size": [6, 8], "counts": "abc"}, True),
        ([], False),
        ([[]], False),
        ([[0, 0, 4, 4]], False),
        (None, False),
        ({"counts": []}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_box_or_a_line_is_no_outline(segmentation: object, expected: bool) -> None:
    assert has_outline({"segmentation": segmentation}) == expected


def test_run_lengths_go_down_the_columns() -> None:
    from pycocotools import mask

    drawn = mask.decode(encoded_outline({"size": [6, 8], "counts": [6, 12, 30]}, SIZE))

    assert drawn[0].tolist() == [0, 1, 1, 0, 0, 0, 0, 0]


def test_a_small_object_lies_on_a_large_one_whatever_their_areas_say() -> None:
    whole = {"category_id": 1, "area": 1, "segmentation": [[0, 0, 8, 0, 8, 6, 0, 6]]}
    left = {"category_id": 2, "area": 999, "segmentation": LEFT}

    assert np.unique(draw_mask([left, whole], {"1": 1, "2": 2}, SIZE), return_counts=True)[1].tolist() == [24, 24]


def test_a_category_that_is_no_class_is_background() -> None:
    assert not draw_mask([{"category_id": 3, "segmentation": LEFT}], {"1": 1}, SIZE).any()

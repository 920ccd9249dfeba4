import numpy as np

from deeplab_cv.tools.evaluating.counted import against_rest, counted

LABELS = np.array([[0, 12, 15, 17, 255]], np.uint8)


def test_all_but_the_classes_that_count_and_the_unknown_is_the_rest():
    np.testing.assert_array_equal(counted(LABELS, against_rest([15])), [[0, 0, 15, 0, 255]])


def test_several_classes_stay_apart():
    np.testing.assert_array_equal(counted(LABELS, against_rest([17, 12])), [[0, 12, 0, 17, 255]])


def test_without_a_table_every_class_counts():
    assert counted(LABELS, None) is LABELS

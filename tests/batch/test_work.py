"""What a plan's hash says."""

import dataclasses

import pytest

from deeplab_cv.batch.work import DoneRecord
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.segmentation.network_engines import Pinned
from tests.batch.jobs import plan_for


@pytest.mark.parametrize(
    ("change", "other"),
    [
        ({"forms": ("masks",)}, True),
        ({"picture": PictureOptions(alpha=0.1)}, True),
        ({"contents": "another network"}, True),
        ({"folder": "elsewhere"}, False),
        ({"cores": 4}, False),
        ({"pinned": Pinned("opencv:cpu", "abc")}, False),
    ],
)
def test_the_hash_is_of_what_decides_how_outputs_look(network, tmp_path, change, other):
    plan = plan_for(network, tmp_path)

    assert (dataclasses.replace(plan, **change).settings_hash != plan.settings_hash) is other


def test_a_record_with_a_stage_is_of_a_file_that_failed():
    assert DoneRecord("a", "a", None, "", stage="read").failed
    assert not DoneRecord("a", "a", None, "").failed

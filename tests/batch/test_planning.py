"""Wishes that become a plan, and those that cannot."""

import pytest

from deeplab_cv.errors import SettingsError, UsageError, UserError
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.sinks.options import OutputOptions
from tests.batch.jobs import picture, plan_for


def test_painted_files_are_what_comes_without_a_wish(network, tmp_path):
    assert plan_for(network, tmp_path, forms=()).forms == ("painted",)
    assert plan_for(network, tmp_path, forms=("stats", "masks")).forms == ("masks", "stats")


def test_the_rate_of_this_machine_decides_nothing(network, tmp_path):
    assert plan_for(network, tmp_path, pace=PaceOptions(target_fps=9, carry=2)).pace == PaceOptions(carry=2)


def test_a_background_of_other_pixels_is_another_setting(network, tmp_path):
    style = PictureOptions(style="replace", background=str(picture(tmp_path / "back.png")))
    before = plan_for(network, tmp_path, picture=style).settings_hash
    picture(tmp_path / "back.png", (9, 9, 9))

    assert plan_for(network, tmp_path, picture=style).settings_hash != before


@pytest.mark.parametrize(
    ("error", "groups"),
    [
        (SettingsError, {"picture": PictureOptions(paint="unicorn")}),
        (SettingsError, {"picture": PictureOptions(style="replace", background="no such.png")}),
        (UsageError, {"encoding": OutputOptions(crf=60)}),
        (UsageError, {"encoding": OutputOptions(codec="av1", preset="slow")}),
        (UserError, {"network": NetworkOptions(model="gone.onnx")}),
    ],
)
def test_a_wish_that_cannot_be_fulfilled_is_said_before_anything_is_written(network, tmp_path, error, groups):
    with pytest.raises(error):
        plan_for(network, tmp_path / "out", **groups)
    assert not (tmp_path / "out").exists()

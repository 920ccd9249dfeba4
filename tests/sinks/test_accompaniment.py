"""What goes along with the pictures; tests/sinks/test_video.py plays it."""

from fractions import Fraction

import pytest

from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.accompaniment import Accompaniment
from tests.sinks.clips import write_clip

BASE = Fraction(1, 25)


def info(path, tracks=True):
    size, rate = Size(64, 48), Fraction(25)
    return SourceInfo(
        "clip", size, frame_rate=rate, frame_count=3, live=False, time_base=BASE, path=path, tracks=tracks
    )


@pytest.mark.parametrize(("from_s", "zero_pts"), [(None, 0), (Fraction(2), 50)])
def test_a_whole_source_keeps_its_times_and_a_part_begins_at_zero(tmp_path, from_s, zero_pts):
    write_clip(tmp_path / "clip.mp4", [0, 1, 2], BASE)
    accompaniment = Accompaniment(info(tmp_path / "clip.mp4"), BASE, from_s=from_s)

    assert accompaniment.zero_pts == zero_pts
    assert accompaniment.colour_meaning is not None
    accompaniment.close()


def test_a_source_that_is_gone_costs_its_sound_and_a_line(tmp_path, caplog):
    accompaniment = Accompaniment(info(tmp_path / "gone.mp4"), BASE)

    assert accompaniment.colour_meaning is None
    assert "its sound is left out" in caplog.text

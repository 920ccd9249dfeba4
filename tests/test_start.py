from fractions import Fraction

import pytest

from deeplab_cv.settings import Settings
from deeplab_cv.sources import SourceInfo
from deeplab_cv.start import wanted_pace


def info_of(live, rate=Fraction(30)):
    return SourceInfo("a source", (1280, 720), rate, None if live else 100, live, Fraction(1, 90000))


@pytest.mark.parametrize(
    ("settings", "info", "pace_fps"),
    [
        (Settings(), info_of(live=True), 30),
        (Settings(), info_of(live=True, rate=Fraction(60)), 30),
        (Settings(every=2), info_of(live=True), 15),
        (Settings(), info_of(live=True, rate=None), None),
        (Settings(), info_of(live=False), None),
        (Settings(target_fps=12), info_of(live=True), 12),
        (Settings(target_fps=12), info_of(live=False), 12),
    ],
    ids=[
        "live",
        "a fast camera",
        "every other frame",
        "a camera that tells no rate",
        "a file",
        "as told, live",
        "as told, a file",
    ],
)
def test_a_live_picture_is_to_keep_its_rate_and_a_file_takes_its_time(settings, info, pace_fps):
    assert wanted_pace(settings, info) == pace_fps

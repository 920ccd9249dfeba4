from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.size import Size
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.sizing import inference_allowance_ms
from deeplab_cv.start import wanted_pace


def info_of(live, rate=Fraction(30)):
    return SourceInfo(
        "a source",
        Size(1280, 720),
        frame_rate=rate,
        frame_count=None if live else 100,
        live=live,
        time_base=Fraction(1, 90000),
    )


@pytest.mark.parametrize(
    ("pace", "every", "info", "pace_fps"),
    [
        (PaceOptions(), 1, info_of(live=True), 30),
        (PaceOptions(), 1, info_of(live=True, rate=Fraction(60)), 30),
        (PaceOptions(), 2, info_of(live=True), 15),
        (PaceOptions(), 1, info_of(live=True, rate=None), None),
        (PaceOptions(), 1, info_of(live=False), None),
        (PaceOptions(target_fps=12), 1, info_of(live=True), 12),
        (PaceOptions(target_fps=12), 1, info_of(live=False), 12),
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
def test_a_live_picture_is_to_keep_its_rate_and_a_file_takes_its_time(pace, every, info, pace_fps):
    assert wanted_pace(pace, info, every=every) == pace_fps


FPS = st.floats(1, 240)
SIDE = st.integers(16, 8192)


@given(fps=FPS, width=SIDE, height=SIDE, cores=st.integers(1, 64))
def test_an_inference_may_take_less_the_more_frames_and_pixels_come_and_the_fewer_cores_there_are(
    fps, width, height, cores
):
    allowed = inference_allowance_ms(fps, Size(width, height), cores)

    assert 0 <= allowed < 1000 / fps
    assert inference_allowance_ms(2 * fps, Size(width, height), cores) <= allowed
    assert inference_allowance_ms(fps, Size(2 * width, height), cores) <= allowed
    assert inference_allowance_ms(fps, Size(width, height), 2 * cores) >= allowed


def test_an_inference_may_take_two_fifths_of_a_frames_time_for_a_720p_camera_on_two_cores():
    assert inference_allowance_ms(30, Size(1280, 720), 2) == pytest.approx(1000 / 30 * 2 / 5, rel=0.1)

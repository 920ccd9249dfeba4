"""What browsers make of the videos: real playback in headless Chromium."""

import base64
from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sinks.video import VideoSink
from tests.chromium import CHROMIUM
from tests.sinks.browser import play
from tests.sinks.clips import cut_out, disc, info_of, painted, write_clip

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium")

PATCHES_RGB = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (192, 128, 128), (0, 0, 0), (255, 255, 255), (30, 90, 160)]


def patches(size):
    """One upright stripe for each colour, and the middle of each."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    edges = np.linspace(0, width, len(PATCHES_RGB) + 1).astype(int)
    for colour, (left, right) in zip(PATCHES_RGB, pairwise(edges), strict=True):
        picture[:, left:right] = colour[::-1]
    middles = [((int(left) + int(right)) // 2, height // 2) for left, right in pairwise(edges)]
    return picture, middles


@pytest.mark.parametrize(
    ("name", "codec", "size", "sound"),
    [
        ("out.mp4", None, Size(1280, 720), "aac"),
        ("out.mp4", None, Size(641, 359), "libmp3lame"),
        ("out.webm", None, Size(640, 360), "libopus"),
        ("out.mp4", "av1", Size(640, 360), "aac"),
    ],
    ids=["h264 HD", "h264 SD, odd", "vp9", "av1"],
)
def test_chromium_plays_the_video_in_the_right_colours_with_its_sound(tmp_path, name, codec, size, sound):
    picture, middles = patches(size)
    clip = write_clip(tmp_path / "in.mkv", list(range(40)), Fraction(1, 25), sound_codecs=(sound,))
    sink = VideoSink(tmp_path / name, info_of(clip), OutputOptions(codec=codec))
    for index in range(40):
        sink.write(painted(picture, index))
    sink.finish()

    seen = play(tmp_path / name, tmp_path / "profile", middles)

    assert "error" not in seen, seen["error"]
    assert seen["ready"] >= 2 and seen["time"] >= 0.2
    assert abs(seen["duration"] - 1.6) < 0.1
    assert seen["size"] == [size.width + size.width % 2, size.height + size.height % 2]
    assert seen["sound_bytes"] > 0
    # Without a graphics card Chromium's BT.709 takes 2.0 for blue's 2.11; the wrong matrix would be off by 22 and more.
    assert np.abs(np.array(seen["pixels"])[:, :3] - PATCHES_RGB).max() <= 14
    drawn = cv2.imdecode(np.frombuffer(base64.b64decode(seen["picture"].split(",")[1]), np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(drawn[: size.height, : size.width].astype(int) - picture).mean() < 4


def test_chromium_plays_what_a_stopped_job_left(tmp_path):
    picture, middles = patches((320, 240))
    sink = VideoSink(tmp_path / "out.mp4", info_of())
    for index in range(20):
        sink.write(painted(picture, index))
    sink.abandon()

    seen = play(tmp_path / "out.partial.mp4", tmp_path / "profile", middles)

    assert "error" not in seen, seen["error"]
    assert abs(seen["duration"] - 0.8) < 0.05


def test_chromium_shows_what_lies_behind_a_cut_out(tmp_path):
    size = Size(320, 240)
    picture = np.full((*size.hw, 3), (0, 200, 200), np.uint8)
    sink = VideoSink(tmp_path / "out.webm", info_of())
    for index in range(20):
        sink.write(cut_out(picture, disc(size), index))
    sink.finish()

    seen = play(tmp_path / "out.webm", tmp_path / "profile", [(5, 5), (315, 235), (160, 120)])

    assert "error" not in seen, seen["error"]
    assert [opacity for *_, opacity in seen["pixels"]] == pytest.approx([0, 0, 255], abs=3)
    assert seen["pixels"][2][:3] == pytest.approx([200, 200, 0], abs=14)

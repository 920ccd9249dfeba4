"""The clip that `--demo` plays is what its page says it is."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

CLIP = Path(__file__).parents[1] / "samples" / "demo.mp4"


def test_the_demo_clip_is_ten_seconds_of_720p_h264():
    with av.open(str(CLIP)) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == (1280, 720)
        assert video.average_rate == Fraction(30000, 1001)
        assert float(video.duration * video.time_base) == pytest.approx(10, abs=0.05)
        assert sum(1 for _ in container.decode(video)) == video.frames == 300


def test_the_demo_clip_has_a_sound_track_as_long_as_its_picture():
    with av.open(str(CLIP)) as container:
        audio = container.streams.audio[0]
        assert audio.codec_context.name == "aac"
        assert float(audio.duration * audio.time_base) == pytest.approx(10, abs=0.1)


def test_the_demo_clip_weighs_less_than_three_megabytes():
    assert CLIP.stat().st_size < 3_000_000

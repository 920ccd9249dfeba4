import time
from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.bench.instruments import timecode
from deeplab_cv.bench.instruments.paced import PacedSource
from deeplab_cv.sources.pattern import PatternSource


def clip(rate, frames):
    return PatternSource((640, 120), Fraction(rate), end=frames / rate)


def test_a_clip_comes_as_a_live_source_at_its_own_rate():
    source = PacedSource(clip(50, 6))

    frames = [source.read() for _ in range(6)]

    assert source.info.live
    assert source.info.frame_count is None
    assert source.read() is None
    waits_s = np.diff([frame.captured_at for frame in frames])
    assert sum(waits_s) == pytest.approx(0.1, abs=0.08)
    assert sum(waits_s) > 0.09


def test_a_stamped_frame_tells_when_it_was_given():
    source = PacedSource(clip(50, 3))

    frame = [source.read() for _ in range(3)][-1]

    place = timecode.find(frame.image)
    assert place is not None
    assert timecode.read(frame.image, place) == pytest.approx(frame.captured_at * 1000 % timecode.PERIOD_MS, abs=1)


def test_closing_wakes_whoever_waits():
    source = PacedSource(clip(1, 3))
    source.read()
    source.close()

    begun_at = time.monotonic()

    assert source.read() is None
    assert time.monotonic() - begun_at < 0.9

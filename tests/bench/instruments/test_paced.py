import threading
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from deeplab_cv.bench.instruments import paced, timecode
from deeplab_cv.bench.instruments.paced import PacedSource
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.pattern import PatternSource
from tests.waiting import HANGS_S, Clock


def clip(rate, frames):
    return PatternSource(Size(640, 120), rate=Fraction(rate), end=frames / rate)


def test_a_clip_comes_as_a_live_source_at_its_own_rate(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(paced, "time", clock)
    monkeypatch.setattr(paced, "threading", SimpleNamespace(Event=lambda: clock))
    source = PacedSource(clip(50, 6))

    frames = [source.read() for _ in range(6)]

    assert source.info.live
    assert source.info.frame_count is None
    assert source.read() is None
    waits_s = np.diff([frame.captured_at for frame in frames])
    assert waits_s == pytest.approx([0.02] * 5)


def test_a_stamped_frame_tells_when_it_was_given():
    source = PacedSource(clip(50, 3))

    frame = [source.read() for _ in range(3)][-1]

    place = timecode.find(frame.image)
    assert place is not None
    assert timecode.read(frame.image, place) == pytest.approx(frame.captured_at * 1000 % timecode.PERIOD_MS, abs=1)


def test_closing_wakes_whoever_waits():
    source = PacedSource(PatternSource(Size(640, 120), rate=Fraction(1, 1000), end=3000.0))
    source.read()
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(source.read()))

    waiting.start()
    source.close()
    waiting.join(HANGS_S)

    assert answers == [None]

import contextlib
import dataclasses
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from deeplab_cv.bench import latency
from deeplab_cv.bench.instruments import timecode
from deeplab_cv.bench.instruments.screen import VirtualScreen
from deeplab_cv.bench.latency import find_window, measure, read_window
from deeplab_cv.errors import SinkError
from tests.bench.plans import plan_of
from tests.waiting import Clock


class Program:
    """A program that shows pictures stamped with times of the clock, and ends after the last."""

    def __init__(self, screen, clock, ages_ms):
        self._screen, self._clock, self._ages_ms = screen, clock, list(ages_ms)

    def poll(self):
        if not self._ages_ms:
            return 0
        age_ms = self._ages_ms.pop(0)
        if age_ms is not None:
            shown = self._screen.pixels[100:220, 50:690, :3]
            picture = np.full(shown.shape, 90, np.uint8)
            timecode.stamp(picture, round(self._clock.now_s * 1000 - age_ms) % timecode.PERIOD_MS)
            shown[:] = picture
        return None


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(latency, "time", clock)
    return clock


@pytest.fixture
def screen():
    return VirtualScreen(":99", np.zeros((900, 1400, 4), np.uint8))


def test_without_a_virtual_screen_it_is_said_why_nothing_is_measured(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    part = measure(dataclasses.replace(plan_of(Path("clip.mp4")), screen=None))

    assert part.rows == ()
    assert part.remarks == ("not measured: Xvfb is not installed (Debian: apt install xvfb)",)


def test_a_picture_that_comes_later_is_found_where_it_lies(screen, clock):
    place = find_window(screen, Program(screen, clock, [None, None, 10]))

    assert place == timecode.find(screen.pixels)
    assert place is not None


def test_a_window_that_stays_black_is_given_up(screen, clock):
    begun_s = clock.now_s

    assert find_window(screen, Program(screen, clock, [None] * 10**6)) is None

    assert clock.now_s - begun_s >= latency._PATIENCE_S


def test_a_program_that_ends_without_a_picture_is_given_up_at_once(screen, clock):
    assert find_window(screen, Program(screen, clock, [])) is None


def test_a_window_that_stands_still_is_one_clear_line(monkeypatch, screen, tmp_path):
    monkeypatch.setattr(
        latency, "started", lambda *_: contextlib.nullcontext(Mock(communicate=lambda: ("", ""), returncode=0))
    )
    monkeypatch.setattr(latency, "words_of", lambda *_: [])
    monkeypatch.setattr(latency, "find_window", lambda *_: (0, 0))
    monkeypatch.setattr(latency, "read_window", lambda *_: [(1.0, 20.0)])
    monkeypatch.setattr(latency, "read_report", lambda *_: Mock())

    with pytest.raises(SinkError, match="too few pictures came up"):
        latency._watch(plan_of(tmp_path / "clip.mp4"), tmp_path / "clip.mp4", screen)


def test_the_age_of_every_new_picture_is_noted_but_the_first(screen, clock):
    program = Program(screen, clock, [5])
    place = find_window(screen, program)
    program._ages_ms = [7, None, None, 30, 12]

    seen = read_window(screen, place, program)

    # The clock's half milliseconds are rounded when they are stamped.
    assert [age_ms for _, age_ms in seen] == pytest.approx([30, 12], abs=1)
    assert seen[0][0] < seen[1][0]

import itertools
import threading
from fractions import Fraction

import numpy as np

from deeplab_cv.frames.size import Size
from deeplab_cv.sources.pattern import PatternSource
from tests.sources.clips import read_all
from tests.waiting import HANGS_S

SMALL = Size(64, 36)


def test_with_an_end_it_is_a_clip_of_so_many_frames():
    source = PatternSource(SMALL, rate=Fraction(25), end=1.0)
    info = source.info

    frames = read_all(source)

    assert (info.frame_count, info.live, info.frame_rate, info.size) == (25, False, 25, SMALL)
    assert [frame.index for frame in frames] == list(range(25))
    assert [frame.time_s for frame in frames] == [Fraction(number, 25) for number in range(25)]
    assert all(frame.image.shape == (36, 64, 3) and frame.image.dtype == np.uint8 for frame in frames)


def test_the_same_frame_is_the_same_picture_and_the_next_another():
    first, second = (read_all(PatternSource(SMALL, end=0.2)) for _ in range(2))

    assert all(np.array_equal(one.image, other.image) for one, other in zip(first, second, strict=True))
    assert all(not np.array_equal(one.image, other.image) for one, other in itertools.pairwise(first))


def test_without_an_end_it_is_live_and_its_numbers_follow_the_clock():
    with PatternSource(SMALL, rate=Fraction(200)) as source:
        frames = [source.read() for _ in range(10)]

    assert source.info.live
    assert source.info.frame_count is None
    assert frames[0].index == 0
    assert all(before.pts < after.pts for before, after in itertools.pairwise(frames))
    elapsed_s = frames[-1].captured_at - frames[0].captured_at
    assert elapsed_s >= float(frames[-1].time_s) - 0.005


def test_closing_wakes_whoever_waits_for_a_frame():
    source = PatternSource(SMALL, rate=Fraction(1, 1000))
    source.read()
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(source.read()))

    waiting.start()
    source.close()
    waiting.join(HANGS_S)

    assert answers == [None]


def test_the_smallest_pattern_can_be_drawn():
    assert read_all(PatternSource(Size(1, 1), end=0.01))[0].image.shape == (1, 1, 3)


def test_one_with_an_end_is_sought_in_and_a_live_one_is_not():
    clip, live = PatternSource(SMALL, rate=Fraction(25), end=1.0), PatternSource(SMALL)

    assert clip.seek(Fraction(3, 10))
    assert clip.read().index == 8
    assert clip.seek(Fraction(-1))
    assert clip.read().index == 0
    assert not clip.seek(clip.info.span.end)
    assert live.info.span is None
    assert not live.seek(Fraction(0))

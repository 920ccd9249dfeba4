import dataclasses
import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.frame import Frame, SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.pattern import PatternSource
from deeplab_cv.sources.source import Source
from deeplab_cv.sources.wrappers import EveryNth, Looped, Mirrored
from tests.sources.clips import read_all

INFO = SourceInfo(
    "list", (4, 2), frame_rate=Fraction(25), frame_count=None, live=False, time_base=Fraction(1, 1000), tracks=True
)


class ListSource(Source):
    """Frames with the timestamps of a list; counts its closings."""

    def __init__(self, pts, info=INFO):
        self.info = dataclasses.replace(info, frame_count=len(pts))
        self.closed = 0
        self._left = [
            Frame(Pixels(image=np.zeros((2, 4, 3), np.uint8)), index, moment, info.time_base, 0.0)
            for index, moment in enumerate(pts)
        ]

    def read(self):
        return self._left.pop(0) if self._left and not self.closed else None

    def close(self):
        self.closed += 1


rising = st.lists(st.integers(-1000, 100_000), min_size=1, max_size=12, unique=True).map(sorted)


def test_mirroring_exchanges_left_and_right_and_nothing_else():
    plain, mirrored = (
        read_all(PatternSource(Size(32, 20), end=0.1)),
        read_all(Mirrored(PatternSource(Size(32, 20), end=0.1))),
    )

    for before, after in zip(plain, mirrored, strict=True):
        assert np.array_equal(after.image, before.image[:, ::-1])
        assert (after.index, after.pts, after.time_base) == (before.index, before.pts, before.time_base)


@given(pts=rising, step=st.integers(1, 15))
def test_every_nth_takes_the_first_of_n_with_its_own_number_and_time(pts, step):
    source = EveryNth(ListSource(pts), step)

    frames = read_all(source)

    assert [frame.pts for frame in frames] == pts[::step]
    assert [frame.index for frame in frames] == list(range(len(pts)))[::step]
    assert source.info.frame_count == len(frames)
    assert source.info.frame_rate == Fraction(25, step)


@given(pts=rising, step=st.integers(1, 5), count=st.integers(1, 60))
def test_in_a_loop_numbers_and_times_rise_for_ever(pts, step, count):
    source = Looped(lambda: EveryNth(ListSource(pts), step))

    frames = [source.read() for _ in range(count)]

    assert all(before.pts < after.pts for before, after in itertools.pairwise(frames))
    assert all(before.index < after.index for before, after in itertools.pairwise(frames))
    taken = pts[::step]
    gaps = np.diff(taken).tolist()
    for number, (before, after) in enumerate(itertools.pairwise(frames)):
        place = number % len(taken)
        assert after.pts - before.pts == (gaps[place] if place < len(gaps) else 40 * step)


def test_a_loop_has_no_end_and_no_sound():
    info = Looped(lambda: ListSource([0, 40])).info

    assert info.frame_count is None
    assert not info.tracks


def test_a_loop_of_pictures_counts_on():
    pictures = dataclasses.replace(INFO, frame_rate=None, time_base=Fraction(1))
    source = Looped(lambda: ListSource([0, 1], pictures))

    assert [source.read().pts for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_loop_closes_each_round_and_ends_when_it_is_closed():
    rounds = []

    def open_round():
        rounds.append(ListSource([0, 40]))
        return rounds[-1]

    source = Looped(open_round)
    for _ in range(5):
        source.read()
    source.close()

    assert source.read() is None
    assert len(rounds) == 3
    assert all(one.closed for one in rounds)


def test_a_loop_over_nothing_ends():
    assert Looped(lambda: ListSource([])).read() is None


def test_an_error_comes_through():
    class Broken(ListSource):
        def read(self):
            raise SourceError("broken", "here", "mend it")

    for source in (Mirrored(Broken([0])), EveryNth(Broken([0]), 2), Looped(lambda: Broken([0]))):
        with pytest.raises(SourceError, match="broken"):
            source.read()


def test_after_a_seek_every_nth_takes_the_frame_that_was_found():
    source = EveryNth(PatternSource(Size(32, 20), rate=Fraction(10), end=4), 3)
    source.read()

    assert source.seek(Fraction(1))
    assert [source.read().index for _ in range(3)] == [10, 13, 16]


def test_a_mirrored_source_is_sought_in():
    source = Mirrored(PatternSource(Size(32, 20), rate=Fraction(10), end=4))

    assert source.seek(Fraction(2))
    assert source.read().index == 20


def test_in_a_loop_the_round_that_is_played_is_sought_in_and_times_go_on_from_there():
    source = Looped(lambda: PatternSource(Size(32, 20), rate=Fraction(10), end=1))
    before = [source.read().index for _ in range(15)]

    assert source.seek(Fraction(12, 10))
    assert [source.read().index for _ in range(10)] == [12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
    assert before == list(range(15))
    assert source.info.span.end is None

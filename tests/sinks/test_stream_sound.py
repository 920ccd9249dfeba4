from fractions import Fraction

import pytest

from deeplab_cv.sinks.stream_sound import sound_of
from tests.sinks.clips import info_of, write_clip

TICK = Fraction(1, 25)
SAMPLES = 1024


def clip(tmp_path, **options):
    return write_clip(tmp_path / "clip.mkv", list(range(50)), TICK, **options)


def test_sound_is_read_as_far_as_the_pictures_have_come(tmp_path):
    sound = sound_of(info_of(clip(tmp_path)))
    sound.begin(Fraction(0))

    first = list(sound.until(Fraction(1, 2)))
    rest = list(sound.until(Fraction(10)))
    sound.close()

    times = [parcel.pts for parcel in (*first, *rest)]
    assert times == sorted(set(times))
    assert first[-1].pts <= 22_050 + 2 * SAMPLES
    assert rest[-1].pts == pytest.approx(2.06 * 44_100, abs=4 * SAMPLES)


def test_sound_that_begins_late_is_sent_late(tmp_path):
    sound = sound_of(info_of(clip(tmp_path, sound_start_s=Fraction(1))))
    sound.begin(Fraction(0))

    parcels = list(sound.until(Fraction(10)))
    sound.close()

    assert parcels[0].pts == pytest.approx(44_100, abs=3 * SAMPLES)


def test_sound_of_a_part_begins_with_it(tmp_path):
    sound = sound_of(info_of(clip(tmp_path)))
    sound.begin(Fraction(3, 2))

    parcels = list(sound.until(Fraction(10)))
    sound.close()

    assert -2 * SAMPLES <= parcels[0].pts <= SAMPLES
    assert parcels[-1].pts == pytest.approx(0.56 * 44_100, abs=4 * SAMPLES)


@pytest.mark.parametrize("changes", [{"live": True}, {"tracks": False}, {"path": None}])
def test_where_there_is_no_sound_there_is_none(tmp_path, changes):
    facts = {"path": clip(tmp_path)} | changes
    assert sound_of(info_of(**facts)) is None


def test_a_file_without_sound_has_none(tmp_path):
    assert sound_of(info_of(clip(tmp_path, sound_codecs=()))) is None


def test_a_file_that_has_gone_has_none(tmp_path):
    assert sound_of(info_of(tmp_path / "gone.mp4")) is None

from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.frames.sound import SOUND_RATE, LiveSound
from deeplab_cv.sinks.stream_sound import sound_of
from tests.sinks.clips import info_of, write_clip

TICK = Fraction(1, 25)
SAMPLES = 1024


def clip(tmp_path, **options):
    return write_clip(tmp_path / "clip.mkv", list(range(50)), TICK, **options)


def test_sound_is_read_as_far_as_the_pictures_have_come(tmp_path):
    sound = sound_of(info_of(clip(tmp_path)))
    sound.begin(Fraction(0), 0.0)

    first = list(sound.until(Fraction(1, 2)))
    rest = list(sound.until(Fraction(10)))
    sound.close()

    times = [parcel.pts for parcel in (*first, *rest)]
    assert times == sorted(set(times))
    assert first[-1].pts <= 22_050 + 2 * SAMPLES
    assert rest[-1].pts == pytest.approx(2.06 * 44_100, abs=4 * SAMPLES)


def test_sound_that_begins_late_is_sent_late(tmp_path):
    sound = sound_of(info_of(clip(tmp_path, sound_start_s=Fraction(1))))
    sound.begin(Fraction(0), 0.0)

    parcels = list(sound.until(Fraction(10)))
    sound.close()

    assert parcels[0].pts == pytest.approx(44_100, abs=3 * SAMPLES)


def test_sound_of_a_part_begins_with_it(tmp_path):
    sound = sound_of(info_of(clip(tmp_path)))
    sound.begin(Fraction(3, 2), 0.0)

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


@pytest.fixture
def live_sound():
    sound = LiveSound()
    sound.there = True
    sound.want(60.0)
    return sound


def hear(live_sound, from_s, to_s):
    """Pieces of a tenth of a second."""
    for tenth in range(round(from_s * 10), round(to_s * 10)):
        live_sound.put(np.full((2, SOUND_RATE // 10), 0.5, np.float32), tenth / 10)


def test_what_is_heard_of_a_live_source_is_given_as_far_as_its_pictures_have_come(live_sound):
    sound = sound_of(info_of(live=True, sound=live_sound))
    hear(live_sound, 99.0, 102.0)
    sound.begin(Fraction(7), 100.0)

    first = list(sound.until(Fraction(1)))
    rest = list(sound.until(Fraction(10)))
    sound.close()

    times = [parcel.pts for parcel in (*first, *rest)]
    assert np.diff(times).tolist() == [SAMPLES] * (len(times) - 1)
    assert abs(times[0]) <= 2 * SAMPLES
    assert first[-1].pts == pytest.approx(1.1 * SOUND_RATE, abs=3 * SAMPLES)
    assert rest[-1].pts == pytest.approx(2 * SOUND_RATE, abs=3 * SAMPLES)


def test_where_nothing_was_heard_there_is_silence_of_that_length(live_sound):
    sound = sound_of(info_of(live=True, sound=live_sound))
    sound.begin(Fraction(0), 100.0)
    hear(live_sound, 100.0, 100.5)
    hear(live_sound, 102.0, 103.0)

    parcels = list(sound.until(Fraction(10)))
    sound.close()

    assert len(parcels) == pytest.approx(3.0 * SOUND_RATE / SAMPLES, abs=3)


def test_a_live_source_whose_connection_has_no_sound_has_none(live_sound):
    live_sound.there = False

    assert sound_of(info_of(live=True, sound=live_sound)) is None

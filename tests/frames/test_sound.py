import numpy as np

from deeplab_cv.frames.sound import SOUND_RATE, LiveSound


def second(value=0.0):
    return np.full((2, SOUND_RATE), value, np.float32)


def test_the_sound_of_so_many_seconds_is_kept():
    sound = LiveSound()
    sound.want(3.0)
    for number in range(10):
        sound.put(second(number), 100.0 + number)

    assert [piece.at_s for piece in sound.after(0)] == [105.0, 106.0, 107.0, 108.0, 109.0]
    assert sound.after(0)[-1].end_s == 110.0


def test_who_takes_it_goes_on_where_they_were():
    sound = LiveSound()
    sound.want(60.0)
    sound.put(second(), 0.0)
    heard = sound.after(0)[-1].number
    sound.put(second(0.5), 1.0)

    (piece,) = sound.after(heard)
    assert piece.at_s == 1.0 and piece.samples[0, 0] == 0.5


def test_it_is_wanted_once_somebody_takes_it():
    sound = LiveSound()
    before = sound.wanted
    sound.want(1.0)

    assert (before, sound.wanted) == (False, True)

import numpy as np

from deeplab_cv.frames.sound import PACKET, SOUND_RATE, EvenSound, Listener, LiveSound


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


def test_a_listener_takes_each_piece_once_and_none_before_its_time():
    sound = LiveSound()
    listener = Listener(sound, 60.0)
    for number in range(3):
        sound.put(second(number), float(number))

    taken = [[piece.at_s for piece in listener.until(at_s)] for at_s in (1.0, 1.5, 2.0)]
    assert taken == [[0.0, 1.0], [], [2.0]] and not listener.has_more


def test_a_gap_becomes_silence_and_packets_are_of_one_length():
    even = EvenSound()
    packets = [*even.packets(second(1.0), 0.0), *even.packets(second(1.0), 2.0), *even.rest()]

    assert {packet.shape for packet in packets[:-1]} == {(2, PACKET)}
    whole = np.concatenate(packets, axis=1)
    assert whole.shape[1] == 3 * SOUND_RATE == even.given
    assert [whole[0, int(at_s * SOUND_RATE)] for at_s in (0.5, 1.5, 2.5)] == [1.0, 0.0, 1.0]

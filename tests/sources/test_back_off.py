import pytest

from deeplab_cv.sources.back_off import DELAYS_S, JITTER, STEADY_S, BackOff


def test_each_further_try_waits_longer_up_to_half_a_minute():
    back_off = BackOff(lambda: 0.0)

    assert [back_off.next_delay_s() for _ in range(8)] == [1, 2, 4, 8, 15, 30, 30, 30]


@pytest.mark.parametrize("chance", [-1.0, -0.3, 0.5, 1.0])
def test_chance_makes_a_delay_longer_or_shorter_by_a_fifth_at_most(chance):
    back_off = BackOff(lambda: chance)

    assert [back_off.next_delay_s() for _ in DELAYS_S] == [delay_s * (1 + JITTER * chance) for delay_s in DELAYS_S]


def test_without_a_word_delays_differ_and_stay_within_the_fifth():
    delays = [BackOff().next_delay_s() for _ in range(50)]

    assert len(set(delays)) > 1
    assert all(0.8 <= delay_s <= 1.2 for delay_s in delays)


@pytest.mark.parametrize(("seconds", "next_s"), [(STEADY_S, 1), (STEADY_S + 1, 1), (STEADY_S - 0.1, 4), (0.0, 4)])
def test_only_half_a_minute_of_pictures_makes_the_next_loss_the_first_again(seconds, next_s):
    back_off = BackOff(lambda: 0.0)
    back_off.next_delay_s()
    back_off.next_delay_s()

    back_off.played(seconds)

    assert back_off.next_delay_s() == next_s


def test_what_will_not_change_by_itself_is_tried_each_minute():
    back_off = BackOff(lambda: 0.0)

    assert [back_off.next_delay_s(stubborn=True) for _ in range(3)] == [60, 60, 60]

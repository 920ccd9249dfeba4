import threading

import pytest

from deeplab_cv.engines.turns import Turns
from tests.waiting import HANGS_S, wait_for


def test_turns_are_given_in_the_order_of_asking():
    turns, order = Turns(), []

    def take(number):
        with turns.taken():
            order.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(5)]
    with turns.taken():
        for place, thread in enumerate(threads, 1):
            thread.start()
            wait_for(lambda place=place: turns.waiting == place)
    for thread in threads:
        thread.join(HANGS_S)

    assert order == [0, 1, 2, 3, 4]


def test_threads_that_always_want_a_turn_have_one_each_before_anybody_has_the_next():
    turns, order = Turns(), []

    def take(number):
        for _ in range(50):
            with turns.taken():
                order.append(number)
                if len(order) <= 4 * 49:
                    # Whoever had the last turn asks for the next one while somebody has this.
                    wait_for(lambda: turns.waiting == 3)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANGS_S)

    rounds = [order[at : at + 4] for at in range(0, 4 * 49, 4)]
    assert len(order) == 200
    assert all(sorted(each) == [0, 1, 2, 3] for each in rounds)


def test_a_turn_that_fails_is_over():
    turns = Turns()
    with pytest.raises(ValueError, match="no"), turns.taken():
        raise ValueError("no")

    with turns.taken():
        assert turns.waiting == 0

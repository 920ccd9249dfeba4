import threading

from deeplab_cv.frames.queues import FrameQueue
from tests.waiting import HANGS_S


def test_a_file_queue_hands_on_every_item_in_order():
    queue: FrameQueue[int] = FrameQueue(2, live=False)
    taken = []

    def take() -> None:
        while (item := queue.get()) is not None:
            taken.append(item)

    reader = threading.Thread(target=take)
    reader.start()
    for number in range(100):
        queue.put(number)
    queue.end()
    reader.join(HANGS_S)

    assert taken == list(range(100))
    assert queue.replaced == 0


def test_a_full_file_queue_makes_its_writer_wait():
    queue: FrameQueue[int] = FrameQueue(1, live=False)
    queue.put(0)
    writer = threading.Thread(target=queue.put, args=(1,), daemon=True)
    writer.start()
    writer.join(0.05)
    waited = writer.is_alive()

    first = queue.get()
    writer.join(HANGS_S)

    assert waited
    assert first == 0
    assert queue.get() == 1


def test_a_live_queue_keeps_the_newest_and_counts_the_replaced():
    queue: FrameQueue[int] = FrameQueue(1, live=True)

    for number in range(5):
        queue.put(number)

    assert queue.get() == 4
    assert queue.replaced == 4


def test_an_empty_queue_gives_nothing_in_time_and_is_not_exhausted():
    queue: FrameQueue[int] = FrameQueue(1, live=True)

    assert queue.get(0.01) is None
    assert not queue.exhausted


def test_what_waits_can_be_taken_after_the_end():
    queue: FrameQueue[int] = FrameQueue(2, live=False)
    queue.put(7)
    queue.end()

    assert not queue.exhausted
    assert queue.get() == 7
    assert queue.exhausted


def test_stopping_wakes_a_waiting_writer_and_a_waiting_reader():
    full: FrameQueue[int] = FrameQueue(1, live=False)
    full.put(0)
    empty: FrameQueue[int] = FrameQueue(1, live=False)
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(full.put(1)), daemon=True),
        threading.Thread(target=lambda: results.append(empty.get()), daemon=True),
    ]
    for thread in threads:
        thread.start()

    full.stop()
    empty.stop()
    for thread in threads:
        thread.join(HANGS_S)

    assert not any(thread.is_alive() for thread in threads)
    assert sorted(results, key=str) == [False, None]


def test_a_reopened_queue_has_forgotten_what_waited_and_takes_items_again():
    queue: FrameQueue[int] = FrameQueue(2, live=False)
    queue.put(0)
    queue.end()

    queue.reopen()
    queue.put(1)

    assert queue.wait_until_reopened(0)
    assert queue.get() == 1
    assert not queue.exhausted


def test_who_waits_for_a_queue_to_be_reopened_is_woken_when_it_is_stopped():
    queue: FrameQueue[int] = FrameQueue(1, live=False)
    queue.end()
    answers: list[bool] = []
    waiter = threading.Thread(target=lambda: answers.append(queue.wait_until_reopened(0)))
    waiter.start()

    queue.stop()
    waiter.join(HANGS_S)

    assert answers == [False]

"""A worker's process, from outside."""

import queue

import pytest

from deeplab_cv.batch.child import Child
from deeplab_cv.batch.work import Item, Task
from tests.batch.jobs import FAKE, plan_for
from tests.waiting import HANGS_S


@pytest.fixture
def heard():
    return queue.SimpleQueue()


def test_the_end_of_a_process_is_heard(network, tmp_path, heard):
    child = Child(1, plan_for(network, tmp_path), program=(FAKE[0], "-c", "raise SystemExit(7)"), heard=heard)

    assert heard.get(timeout=HANGS_S) == (child, None)
    child.end()
    assert child.process.returncode == 7


def test_who_has_nothing_to_do_is_never_silent_too_long(network, tmp_path, heard):
    child = Child(1, plan_for(network, tmp_path), program=FAKE, heard=heard)
    while child.ready is None:
        child.ready = heard.get(timeout=HANGS_S)[1]

    assert not child.silent_too_long(-1.0)
    child.give(Task(Item("gone.png", "gone.png", "picture"), ()))
    assert child.silent_too_long(-1.0)
    assert not child.silent_too_long(HANGS_S)
    child.end()

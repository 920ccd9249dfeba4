"""A worker's process, from outside."""

import itertools
import queue
from types import SimpleNamespace

import pytest

from deeplab_cv.batch import child as child_module
from deeplab_cv.batch.child import Child
from deeplab_cv.batch.work import Item, Task
from deeplab_cv.batch.worker_process import Ready
from deeplab_cv.segmentation.network_engines import Pinned
from tests.batch.jobs import FAKE, plan_for
from tests.waiting import HANGS_S, wait_for


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


def test_what_a_process_says_counts_from_when_it_is_said(network, tmp_path, heard, monkeypatch):
    times = itertools.count()
    monkeypatch.setattr(child_module, "time", SimpleNamespace(monotonic=lambda: next(times)))
    child = Child(1, plan_for(network, tmp_path), program=FAKE, heard=heard)

    # Nobody takes it.
    wait_for(lambda: not heard.empty())
    assert child.last_heard_s > 0
    child.end()


def test_who_loads_may_be_silent_for_longer(network, tmp_path, heard):
    child = Child(1, plan_for(network, tmp_path), program=(FAKE[0], "-c", ""), heard=heard)

    assert child.may_be_silent_s(120.0) == 900.0
    child.ready = Ready(Pinned("opencv:cpu", "graph"), "opencv", threads=1, memory=None)
    assert child.may_be_silent_s(120.0) == 120.0
    child.end()

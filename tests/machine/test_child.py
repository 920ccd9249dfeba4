import logging
import os
import signal
import sys
import time
from functools import partial

import pytest

from deeplab_cv.errors import SourceError
from deeplab_cv.machine.child import UnfinishedWorkError, in_child
from deeplab_cv.machine.files import whole_file

done = partial(in_child, limit_s=60.0, memory_share=0.5)


def add(one, other):
    logging.getLogger("deeplab_cv.test").warning("%d and %d are added", one, other)
    print("printed")
    return one + other


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def refuse():
    raise SourceError("no frames", "in.mp4", "name another file")


def divide():
    return 1 / 0


def fill_memory():
    return len(bytearray(1 << 46))


def write_for_ever(path):
    with whole_file(path):
        time.sleep(600)


def test_what_work_returns_and_logs_comes_back(caplog, capfd):
    with caplog.at_level(logging.INFO, "deeplab_cv"):
        assert done(add, 2, 3) == 5

    assert caplog.messages == ["2 and 3 are added"]
    assert capfd.readouterr() == ("", "")


def test_an_error_for_the_user_is_raised_here():
    with pytest.raises(SourceError, match="no frames: in"):
        done(refuse)


def test_any_other_error_is_a_reason():
    with pytest.raises(UnfinishedWorkError, match="ZeroDivisionError: division by zero"):
        done(divide)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_the_death_of_the_process_is_a_reason():
    with pytest.raises(UnfinishedWorkError, match="ended by SIGKILL"):
        done(die)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds to a limit of memory")
def test_too_much_memory_is_a_reason():
    with pytest.raises(UnfinishedWorkError, match="it takes too much memory"):
        done(fill_memory)


def test_work_without_an_end_is_ended_and_what_it_was_writing_is_deleted(tmp_path):
    with pytest.raises(UnfinishedWorkError, match="longer than 4 s"):
        in_child(write_for_ever, tmp_path / "graph.onnx", limit_s=4.0, memory_share=0.5)

    assert list(tmp_path.iterdir()) == []

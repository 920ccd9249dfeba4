import os
import threading

import pytest

from deeplab_cv.sinks import outlet as outlet_module
from deeplab_cv.sinks.outlet import Outlet
from tests.sinks.pipes import filled_pipe, read_from
from tests.waiting import HANGS_S

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows does not say whether a pipe has room")


def test_a_reader_that_takes_its_time_gets_all_of_it():
    data = os.urandom(1 << 20)
    reading, writing = os.pipe()
    outlet = Outlet(writing)
    thread = threading.Thread(target=lambda: (outlet.write(data), os.close(writing)), daemon=True)

    thread.start()
    came, reader = read_from(reading)
    reader.join(HANGS_S)

    assert b"".join(came) == data
    assert not outlet.cut


def test_a_reader_that_stands_still_is_not_waited_for_once_the_run_is_stopped(monkeypatch):
    monkeypatch.setattr(outlet_module, "_LEAVE_S", 0.1)
    _, writing = filled_pipe()
    outlet, raised = Outlet(writing), []

    def write():
        with pytest.raises(BrokenPipeError) as error:
            outlet.write(b"one more")
        raised.append(error.value)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    thread.join(0.1)
    waited = thread.is_alive()
    outlet.hurry()
    thread.join(HANGS_S)

    assert waited
    assert outlet.cut and len(raised) == 1


def test_what_a_pipe_has_room_for_is_written_after_the_run_was_stopped():
    reading, writing = os.pipe()
    outlet = Outlet(writing)

    outlet.hurry()
    outlet.write(b"the end")

    assert os.read(reading, 100) == b"the end"
    assert not outlet.cut


def test_standard_output_may_be_a_file(tmp_path):
    data = os.urandom(100_000)
    with (tmp_path / "out").open("wb") as file:
        Outlet(file.fileno()).write(data)

    assert (tmp_path / "out").read_bytes() == data

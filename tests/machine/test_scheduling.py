import os
import sys
import threading

import pytest

from deeplab_cv.machine.scheduling import kept_scheduling


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only Linux lets root change it")
def test_a_thread_and_those_it_began_are_scheduled_as_before():
    real_time, seen, end = os.sched_param(1), [], threading.Event()

    def other_thread():
        seen.append(threading.get_native_id())
        end.wait()

    before = os.sched_getscheduler(0)
    with kept_scheduling():
        os.sched_setscheduler(0, os.SCHED_FIFO, real_time)
        thread = threading.Thread(target=other_thread)
        thread.start()
    after = [os.sched_getscheduler(each) for each in (0, thread.native_id)]
    end.set()
    thread.join()

    assert seen == [thread.native_id]
    assert after == [before, before]

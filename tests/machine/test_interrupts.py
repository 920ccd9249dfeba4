import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deeplab_cv.machine import interrupts

ROOT = Path(__file__).parents[2]


def after_hold(program, number=signal.SIGINT):
    """Runs a program whose requests to stop are held; `send()` in it sends itself one."""
    begin = (
        "import os, signal, sys, time\n"
        "from deeplab_cv.machine import interrupts\n"
        # How long the way out may take is another matter, and a machine may stand still for two seconds.
        "interrupts._LEAVING_S = 300.0\n"
        "interrupts.hold()\n"
        f"def send(): os.kill(os.getpid(), {int(number)})\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", begin + program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_a_request_that_no_command_takes_ends_the_process():
    assert after_hold("send(); time.sleep(30); print('went on')") == (130, "", "stopped by Ctrl-C\n")


def test_a_noted_request_sets_the_event_and_the_block_goes_on_to_its_end():
    program = "with interrupts.noted() as stop:\n    send(); stop.wait(30); print('whole', stop.is_set(), flush=True)\n"

    assert after_hold(program) == (0, "whole True\n", "")


def test_a_raised_request_cleans_up():
    program = (
        "try:\n"
        "    with interrupts.raised():\n"
        "        try: send(); time.sleep(30)\n"
        "        finally: print('cleaned', flush=True)\n"
        "except KeyboardInterrupt: print(interrupts.stopped_by())\n"
    )

    assert after_hold(program, signal.SIGTERM) == (0, "cleaned\nstopped by SIGTERM\n", "")


def test_a_raised_request_waits_for_the_end_of_an_import(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(0.2)\nprint('loaded')\n"
    )
    program = (
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "try:\n"
        "    with interrupts.raised():\n"
        "        import slow\n"
        "        time.sleep(30)\n"
        "except KeyboardInterrupt: print('stopped')\n"
    )

    assert after_hold(program) == (0, "loaded\nstopped\n", "")


NEVER_BACK = (
    "import ctypes, threading\n"
    "lock, mutex = ctypes.CDLL(None).pthread_mutex_lock, ctypes.create_string_buffer(256)\n"
    "lock(mutex)\n"
    "def never_back(): lock(mutex)\n"
)
"""A native call in the main thread, in which no Python handler runs."""


@pytest.mark.skipif(sys.platform != "linux", reason="a mutex of glibc")
def test_a_native_call_that_never_comes_back_is_ended_and_what_it_was_writing_is_deleted(tmp_path):
    program = NEVER_BACK + (
        "from pathlib import Path\n"
        "from deeplab_cv.machine.files import private_folder, whole_file\n"
        f"kept = Path({str(tmp_path)!r})\n"
        "with interrupts.raised(), private_folder(kept), whole_file(kept / 'graph.onnx'):\n"
        "    threading.Timer(0.5, send).start()\n"
        "    never_back()\n"
    )

    assert after_hold(program) == (130, "", "stopped by Ctrl-C\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="a mutex of glibc")
def test_a_clean_up_that_never_ends_is_ended():
    program = NEVER_BACK + (
        "with interrupts.raised(interrupts.Grace(heed_s=300.0, clean_up_s=2.0)):\n"
        "    try: send(); threading.Event().wait(30)\n"
        "    finally: print('cleans up', flush=True), never_back()\n"
    )

    assert after_hold(program, signal.SIGTERM) == (130, "cleans up\n", "stopped by SIGTERM\n")


def test_what_is_worth_saving_is_waited_for():
    program = (
        "with interrupts.raised(interrupts.SOMETHING_TO_SAVE):\n"
        "    try: send(); time.sleep(30)\n"
        "    except KeyboardInterrupt: time.sleep(2.5); print('saved', flush=True)\n"
    )

    assert after_hold(program) == (0, "saved\n", "")


def test_a_half_written_file_is_deleted_with_the_process(tmp_path):
    program = (
        "from pathlib import Path\n"
        "from deeplab_cv.machine.files import whole_file\n"
        f"with whole_file(Path({str(tmp_path / 'graph.onnx')!r})): send(); time.sleep(30)\n"
    )

    assert after_hold(program) == (130, "", "stopped by Ctrl-C\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP")
def test_a_signal_that_nohup_has_ignored_stays_ignored():
    program = (
        "import os, signal\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from deeplab_cv.machine import interrupts\n"
        "interrupts.hold()\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        "print('goes on')\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (0, "goes on\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_is_stopped_by_itself_and_not_with_its_parent():
    program = (
        "child = os.fork()\n"
        "if child == 0: send(); os._exit(1)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )

    assert after_hold(program, signal.SIGTERM) == (0, f"{-int(signal.SIGTERM)}\n", "")


def test_the_handlers_are_as_they_were_after_the_block():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    with interrupts.noted():
        within = signal.getsignal(signal.SIGTERM)

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert within not in before


def test_in_another_thread_a_block_runs_without_requests():
    ran = []

    def work():
        with interrupts.noted() as stop:
            ran.append(stop.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert ran == [False]


def test_no_file_is_begun_while_the_process_is_being_ended(tmp_path):
    program = (
        "from pathlib import Path\n"
        "from deeplab_cv.machine.files import whole_file\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "send()\n"
        "while True:\n"
        "    with whole_file(folder / 'a.txt', to_disk=False): pass\n"
    )

    for _ in range(5):
        assert after_hold(program) == (130, "", "stopped by Ctrl-C\n")
        assert not list(tmp_path.glob(".*"))

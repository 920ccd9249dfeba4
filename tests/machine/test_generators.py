"""Generators that are closed before the interpreter ends."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HELD = """
import sys, threading
sys.path.insert(0, {root!r})
from deeplab_cv.machine.generators import closed_at_exit
def numbers():
    try:
        yield 1
        yield 2
    finally:
        import colorsys  # nothing can be imported when the interpreter ends
        print("closed", flush=True)
"""


@pytest.mark.parametrize(
    ("lines", "printed"),
    [
        ("held = closed_at_exit(numbers())\nnext(held)", "closed\n"),
        ("for _ in closed_at_exit(numbers()): pass", "closed\n"),
        ("held = closed_at_exit(numbers())", ""),
        ("held = [closed_at_exit(numbers()) for _ in range(2)]\nfor each in held: next(each)", "closed\nclosed\n"),
    ],
    ids=["in the midst", "at its end", "not begun", "two"],
)
def test_a_generator_is_closed_once_when_the_program_ends(lines, printed):
    ended = subprocess.run(
        [sys.executable, "-c", HELD.format(root=str(ROOT)) + lines], capture_output=True, text=True, check=True
    )

    assert (ended.stdout, ended.stderr) == (printed, "")


def test_a_thread_that_nobody_waits_for_may_be_in_a_generator():
    lines = (
        "def waiting():\n    begun.set()\n    threading.Event().wait()\n    yield 1\n"
        "begun = threading.Event()\n"
        "threading.Thread(target=lambda: next(closed_at_exit(waiting())), daemon=True).start()\n"
        "begun.wait()"
    )

    ended = subprocess.run(
        [sys.executable, "-c", HELD.format(root=str(ROOT)) + lines], capture_output=True, text=True, check=True
    )

    assert ended.stderr == ""

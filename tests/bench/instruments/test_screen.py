import subprocess
import sys
from pathlib import Path

import pytest

from deeplab_cv.bench.instruments.screen import screen_problem, virtual_screen

ROOT = Path(__file__).parents[3]

PROGRAM = """
import os
from Xlib.display import Display
from deeplab_cv.bench.instruments.screen import virtual_screen

def paint(colour, x, y, width, height):
    '''A client that comes, paints a box and goes: a server without -noreset would begin anew.'''
    connection = Display(os.environ["DISPLAY"])
    root = connection.screen().root
    root.fill_rectangle(root.create_gc(foreground=colour), x, y, width, height)
    connection.sync()
    connection.close()

with virtual_screen() as screen:
    assert os.environ["DISPLAY"] == screen.display
    paint(0x102030, 0, 0, 1400, 900)
    paint(0xFF8000, 10, 20, 5, 7)
    print(screen.pixels.shape, screen.pixels[20, 10, :3].tolist(), screen.pixels[26, 14, :3].tolist())
    print((screen.pixels[..., 0] == 0).sum(), screen.pixels[19, 10, :3].tolist())
"""


def test_what_is_drawn_is_read_where_it_is_and_outlasts_its_client():
    if (problem := screen_problem()) is not None:
        pytest.skip(f"{problem}: the window cannot be driven")
    pytest.importorskip("Xlib", reason="python-xlib not installed: nothing can be drawn, the window cannot be driven")

    # In a process of its own: DISPLAY is set for good.
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    shape, numbers = done.stdout.splitlines()
    assert shape == "(900, 1400, 4) [0, 128, 255] [0, 128, 255]"
    assert numbers == "35 [48, 32, 16]"


def test_where_there_can_be_none_it_is_said_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert screen_problem() == "Xvfb is not installed (Debian: apt install xvfb)"
    with virtual_screen() as screen:
        assert screen is None

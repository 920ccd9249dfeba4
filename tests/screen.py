"""A virtual screen, a program running on it, and hands for keys and clicks."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image, ImageGrab

from tests.waiting import HANGS_S, wait_for

ROOT = Path(__file__).parent.parent
_PAINT_S = 10.0
"""After so long a window that is still black is given up: Qt will not paint it, however long one waits (seen). Each
further try waits longer, since a busy machine may need that."""
_TRIES = 12
_WAITS = 200
"""Who has waited so often, for keys and for all else, has looked for keys: half a second on a quiet machine."""


def need_screen() -> None:
    """Skip a test where no virtual screen can be had."""
    missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: the window cannot be driven")
    import cv2

    if "GUI:                           NONE" in cv2.getBuildInformation():
        pytest.skip("this OpenCV is a headless build")


@contextmanager
def virtual_screen() -> Iterator[str]:
    """An X server of its own; gives its DISPLAY."""
    read_end, write_end = os.pipe()
    # Without -noreset the server begins anew whenever its last client goes, which xdotool does all the time, and
    # refuses whoever connects meanwhile.
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-r", "-noreset"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as numbers:
        display = f":{numbers.readline().strip()}"
    try:
        yield display
    finally:
        server.terminate()
        server.wait()


class NoConnectionError(Exception):
    """Qt did not get through to the X server, as happens now and then while a machine is busy."""


class Program:
    """app.py on a virtual screen, in a folder where its snapshots and recordings land."""

    def __init__(self, display: str, folder: Path, *words: str) -> None:
        self.folder = folder
        self._environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        self._display = display
        self._words = words
        # On a server without a window manager about every tenth window of OpenCV's stays black, also one of three lines
        # of plain OpenCV: Qt misses the first call to paint.
        for attempt in range(1, _TRIES + 1):
            self.process = self._start()
            with suppress(NoConnectionError):
                self.window = wait_for(self._find_window)
                if self._has_painted(attempt * _PAINT_S):
                    return
            self.kill()
        pytest.fail("the window stays black")

    def keys(self, *names: str) -> None:
        """Press keys, one after another, by their X names."""
        for name in names:
            # Without a window manager no window has the focus by itself.
            self._xdotool("windowfocus", self.window)
            self._xdotool("key", name)
            self._let_it_look()

    def click(self, x: int, y: int) -> None:
        """Click at a point of the screen."""
        self._xdotool("mousemove", str(x), str(y))
        self._let_it_look()
        self._xdotool("click", "1")
        self._let_it_look()

    def title(self) -> str:
        """What stands above the window."""
        return self._xdotool("getwindowname", self.window).strip()

    def screenshot(self) -> NDArray[np.uint8]:
        """The whole screen: uint8 (H, W, 3), RGB."""
        return np.asarray(ImageGrab.grab(xdisplay=self._display).convert("RGB"))

    def snapshot(self) -> dict[str, Any]:
        """Press the snapshot key and read what the program says of its picture."""
        before = set(self.folder.glob("snapshot-*.yaml"))
        self.keys("p")
        new = wait_for(lambda: set(self.folder.glob("snapshot-*.yaml")) - before)
        (path,) = new
        facts = wait_for(lambda: yaml.safe_load(path.read_text()))
        facts["picture"] = np.asarray(Image.open(path.with_suffix(".png")))
        facts["mask"] = np.asarray(Image.open(path.with_name(f"{path.stem}-mask.png")))
        return dict(facts)

    def click_its_cross(self) -> None:
        """Click the cross of whatever window is there until the program has ended, as a person would."""
        for _ in range(_TRIES):
            self._send_close(wait_for(self._find_window))
            deadline = time.monotonic() + _PAINT_S
            while self.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
            if self.process.poll() is not None:
                return

    def _send_close(self, window_number: str) -> None:
        """What a window manager sends when the cross is clicked."""
        from Xlib import X, display
        from Xlib.protocol import event

        connection = display.Display(self._display)
        window = connection.create_resource_object("window", int(window_number))
        delete = connection.intern_atom("WM_DELETE_WINDOW")
        data = (32, [delete, X.CurrentTime, 0, 0, 0])
        message = event.ClientMessage(window=window, client_type=connection.intern_atom("WM_PROTOCOLS"), data=data)
        window.send_event(message)
        connection.sync()
        connection.close()

    def wait(self) -> int:
        """Wait for the program's end; returns its exit code. What it said is seen where a test fails."""
        print(self.process.communicate(timeout=HANGS_S)[1])
        return self.process.returncode

    def kill(self) -> None:
        """End it whatever it does."""
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def _let_it_look(self) -> None:
        """Wait until the program has looked for keys: OpenCV keeps one key only, and another would take its place.

        Between two new pictures it has looked. Where the picture stands still it does little but look.
        """
        enough = self._waits() + _WAITS
        before, changes = self.screenshot(), 0
        while changes < 2 and self.process.poll() is None and self._waits() < enough:
            now = self.screenshot()
            changes += bool((now != before).any())
            before = now

    def _waits(self) -> int:
        """How often its main thread has waited for something."""
        try:
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        except OSError:
            # It has ended.
            return 0
        return next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "app.py"), *self._words],
            cwd=self.folder,
            env=self._environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _has_painted(self, patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        while not self.screenshot().any() and time.monotonic() < deadline:
            time.sleep(0.1)
        return bool(self.screenshot().any())

    def _find_window(self) -> str:
        if self.process.poll() is not None:
            error = self.process.communicate()[1]
            if "no Qt platform plugin could be initialized" in error:
                raise NoConnectionError(error)
            pytest.fail(f"the program ended: {error}")
        found = self._xdotool("search", "--onlyvisible", "--name", "deeplab-cv").split()
        return found[-1] if found else ""

    def _xdotool(self, *words: str) -> str:
        done = subprocess.run(["xdotool", *words], env=self._environment, capture_output=True, text=True, check=False)
        return done.stdout

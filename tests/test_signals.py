"""Ctrl-C and requests to terminate, at the moments that matter, in the real program."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tiny_networks import tiny_network

ROOT = Path(__file__).parent.parent

# Sends its own process the signal when a module begins to load.
AT_AN_IMPORT = """
import os, sys

class SendAt:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ.get("STOP_AT"):
            del os.environ["STOP_AT"]
            os.kill(os.getpid(), int(os.environ["STOP_WITH"]))

sys.meta_path.insert(0, SendAt())
"""

STOPS = {signal.SIGINT: "stopped by Ctrl-C\n", signal.SIGTERM: "stopped by SIGTERM\n"}
if hasattr(signal, "SIGHUP"):
    STOPS[signal.SIGHUP] = "stopped by SIGHUP\n"


@pytest.fixture
def stopped_at(tmp_path):
    """Runs a command that is sent a signal when a module begins to load; returns the ended process and files left."""
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(AT_AN_IMPORT)
    network = tiny_network(tmp_path)
    cv2.imwrite(str(tmp_path / "dog.png"), np.zeros((32, 32, 3), np.uint8))

    def run(words, module, number=signal.SIGINT):
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        settings = {"STOP_AT": module, "STOP_WITH": str(int(number))}
        words = words.replace("NETWORK", str(network)).replace("PICTURE", str(tmp_path / "dog.png"))
        ended = subprocess.run(
            [sys.executable, str(ROOT / "app.py"), *words.split()],
            cwd=work,
            env=os.environ | settings | {"PYTHONPATH": str(hook)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=120,
        )
        return ended.returncode, ended.stderr, sorted(path.name for path in work.iterdir())

    return run


@pytest.mark.parametrize(
    ("words", "module"),
    [
        ("run --model NETWORK --pattern --stats area.csv --headless", "pydantic_core"),
        ("run --model NETWORK --pattern --stats area.csv --headless", "av"),
        ("run --model NETWORK --image PICTURE --out out.png --headless", "numpy"),
        ("run --model NETWORK --image PICTURE --out out.png --headless --backend onnxruntime", "onnxruntime"),
        ("run --model NETWORK --image PICTURE --out out.png --headless --backend openvino", "openvino"),
        ("models", "rich.table"),
        ("doctor --model NETWORK", "cv2"),
        ("config", "pydantic_core"),
        ("quantise NETWORK --calibrate PICTURE", "onnxruntime"),
        ("evaluate NETWORK --video gone.mp4", "numpy"),
    ],
)
def test_ctrl_c_while_a_module_loads_ends_the_command_and_leaves_nothing(stopped_at, words, module):
    assert stopped_at(words, module) == (130, "stopped by Ctrl-C\n", [])


@pytest.mark.parametrize("number", STOPS, ids=lambda number: signal.Signals(number).name)
def test_each_signal_that_asks_to_stop_is_named(stopped_at, number):
    assert stopped_at("models", "yaml", number) == (130, STOPS[number], [])

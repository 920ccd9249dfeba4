import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny_networks import tiny_network

ROOT = Path(__file__).parent.parent.parent

_PROGRAM = """
import signal, sys, threading
from pathlib import Path
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.frames.size import Size
from deeplab_cv.engines.choice import open_engine
from deeplab_cv.networks.network import graph_for
from deeplab_cv.networks.opening import open_network

engine = open_engine([graph_for(open_network(Path(sys.argv[1])), Size(64, 64))], EngineOptions(backend="openvino:cpu"))
closing = threading.Thread(target=engine.close)
del engine
closing.start()
closing.join()
del closing
signal.signal(signal.SIGINT, lambda number, frame: print("handled", flush=True))
for _ in range(20):
    signal.raise_signal(signal.SIGINT)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="alternate signal stacks are a matter of Linux here")
def test_ctrl_c_is_handled_after_another_thread_let_go_of_openvino(tmp_path):
    pytest.importorskip("openvino", reason="openvino is not installed")

    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tiny_network(tmp_path))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["handled"] * 20

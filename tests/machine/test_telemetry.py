import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny_networks import tiny_network

SEGMENT = """
import sys
import numpy as np
from deeplab_cv import Segmenter
with Segmenter(sys.argv[1], backend=sys.argv[2]) as segmenter:
    print(segmenter(np.zeros((72, 128, 3), np.uint8)).engine)
"""


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_an_engine_leaves_no_trace_of_its_user(tmp_path: Path, engine: str) -> None:
    pytest.importorskip(engine, reason=f"{engine} is not installed")
    home = tmp_path / "home"
    home.mkdir()
    network = tiny_network(tmp_path)
    environment = {key: value for key, value in os.environ.items() if key not in ("ORT_DISABLE_TELEMETRY", "CI")}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}

    done = subprocess.run(
        [sys.executable, "-c", SEGMENT, str(network), f"{engine}:cpu"],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert engine in done.stdout
    left = sorted(path.relative_to(home).parts[:2] for path in home.rglob("*") if path.is_file())
    assert {parts[:2] for parts in left} <= {("cache", "deeplab-cv")}

"""How long a user waits for the first mask: from the command to a painted picture, cache empty or warm."""

import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from deeplab_cv.bench import BenchPlan, Measurement, Row
from deeplab_cv.bench.instruments.child import child_environment, words_of
from deeplab_cv.bench.instruments.turns import spread_of
from deeplab_cv.errors import EngineError
from deeplab_cv.machine.files import private_folder
from deeplab_cv.machine.program import program
from deeplab_cv.sources.video import VideoSource

_ENTRY = "from deeplab_cv.__main__ import entry; entry()"


def measure(plan: BenchPlan) -> Measurement:
    """A row for the help, a cold and a warm start. Raises UserError."""
    with private_folder() as folder:
        picture = folder / "frame.png"
        _write_first_frame(plan.clip, picture)
        words = [
            *words_of(plan.network, plan.engine),
            "--image",
            str(picture),
            "--out",
            str(folder / "out.png"),
            "--headless",
        ]
        cold_s = [_seconds(words, folder / "cache")]
        warm_s, help_s = [], []
        for _ in range(plan.rounds):
            warm_s.append(_seconds(words, folder / "cache"))
            help_s.append(_seconds(["--help"], folder / "cache"))
    rows: tuple[Row, ...] = (
        {"start": "first mask, cold: every engine is tried", "seconds": spread_of(cold_s)},
        {"start": "first mask, warm", "seconds": spread_of(warm_s)},
        {"start": "--help", "seconds": spread_of(help_s)},
    )
    remark = "one picture in, one out: from the command to the end of the process; cold means the program's own cache"
    return Measurement("start", "from the command to the first mask", rows, (remark,))


def _seconds(words: list[str], cache: Path) -> float:
    begun_at = time.perf_counter()
    # What machine.cache looks at, on Linux.
    environment = child_environment() | {"XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", _ENTRY, *words], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - begun_at
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise EngineError("a start of the program failed", last, f"run {program()} with the same words")
    return seconds


def _write_first_frame(clip: Path, picture: Path) -> None:
    with VideoSource(clip) as source:
        frame = source.read()
    if frame is not None:
        picture.write_bytes(np.asarray(cv2.imencode(".png", frame.image)[1], np.uint8).tobytes())

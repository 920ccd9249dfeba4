"""How old a picture is when it is seen: the time is written into each frame and read back from the screen."""

import math
import time
from pathlib import Path
from subprocess import Popen

import numpy as np

from deeplab_cv.bench import BenchPlan, Measurement, Row
from deeplab_cv.bench.instruments import timecode
from deeplab_cv.bench.instruments.child import read_report, started, words_of
from deeplab_cv.bench.instruments.clips import clip_at
from deeplab_cv.bench.instruments.program import Run
from deeplab_cv.bench.instruments.screen import VirtualScreen, screen_problem
from deeplab_cv.bench.instruments.turns import spread_of
from deeplab_cv.bench.stages import measure_at
from deeplab_cv.errors import SinkError
from deeplab_cv.machine.files import private_folder
from deeplab_cv.machine.program import program
from deeplab_cv.sources.video import VideoSource

_HEIGHT = 720
"""The largest that the window shows pixel by pixel."""

_SECONDS = "8"
_LOOK_S = 0.0005
_PATIENCE_S = 20.0
_TRIES = 4
_ALLOWED_MS = 20.0
_FEWEST = 8
"""Pictures that can be quartered: a window may show its first and stand still."""

Seen = list[tuple[float, float]]
"""When a new picture was on the screen, in seconds, and how old it was then, in milliseconds."""


def measure(plan: BenchPlan) -> Measurement:
    """One row: from the moment a frame is given to the moment it is on the screen. Raises UserError."""
    title = "from camera to screen, milliseconds"
    if plan.screen is None:
        return Measurement("latency", title, (), (f"not measured: {screen_problem()}",))
    clip = clip_at(plan.clip, _HEIGHT)
    with VideoSource(clip) as source:
        interval_ms = float(1000 / (source.info.frame_rate or 30))
    seen, run = _watch(plan, clip, plan.screen)
    inference_ms = measure_at(plan, _HEIGHT, 1, run.input_size).wall_ms("infer").median
    ages_ms = [age_ms for _, age_ms in seen]
    quarter = len(seen) // 4
    row: Row = {
        "input": str(run.input_size),
        "pictures seen": len(seen),
        "latency ms": spread_of(ages_ms),
        "19 of 20 below": float(np.percentile(ages_ms, 95)),
        "inference ms": inference_ms,
        "frame interval ms": interval_ms,
        "allowed ms": inference_ms + interval_ms + _ALLOWED_MS,
        "last quarter - first": spread_of(ages_ms[-quarter:]).median - spread_of(ages_ms[:quarter]).median,
        "frames/s on screen": (len(seen) - 1) / (seen[-1][0] - seen[0][0]),
        "dropped": run.dropped,
    }
    remarks = (
        f"allowed: one inference, one frame interval and {_ALLOWED_MS:.0f} ms",
        "the time is read from the memory of a virtual screen (Xvfb), which costs the program nothing",
    )
    return Measurement("latency", title, (row,), remarks)


def _watch(plan: BenchPlan, clip: Path, screen: VirtualScreen) -> tuple[Seen, Run]:
    words = [*words_of(plan.network, plan.engine), "--video", str(clip), "--end", _SECONDS]
    for _ in range(_TRIES):
        with private_folder() as folder:
            with started("stamped", words, folder) as process:
                place = find_window(screen, process)
                if place is None:
                    # Without a window manager some windows of OpenCV's stay black: Qt misses the first call to paint.
                    continue
                seen = read_window(screen, place, process)
                output = process.communicate()[1]
            run = read_report(process.returncode, output, folder)
            if len(seen) >= _FEWEST:
                return seen, run
    raise SinkError(
        "too few pictures came up", f"{_TRIES} windows on {screen.display}", f"look at `{program()} --pattern`"
    )


def find_window(screen: VirtualScreen, process: "Popen[str]") -> timecode.Place | None:
    """Where the window shows the time; None where it does not for long, or the program has ended."""
    deadline = time.monotonic() + _PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        if (place := timecode.find(screen.pixels)) is not None:
            return place
        time.sleep(0.1)
    return None


def read_window(screen: VirtualScreen, place: timecode.Place, process: "Popen[str]", seconds: float = math.inf) -> Seen:
    """Every change on the screen, for so long or until the program has ended."""
    seen: Seen = []
    last: int | None = None
    end_s = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end_s:
        stamped_ms = timecode.read(screen.pixels, place)
        now = time.monotonic()
        if stamped_ms is not None and stamped_ms != last:
            last = stamped_ms
            seen.append((now, (now * 1000 - stamped_ms) % timecode.PERIOD_MS))
        time.sleep(_LOOK_S)
    # The first picture was there before anybody looked.
    return seen[1:]

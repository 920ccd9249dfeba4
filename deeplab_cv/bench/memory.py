"""How much memory a long run takes, and whether that grows."""

import time
from collections.abc import Sequence
from subprocess import Popen

import numpy as np

from deeplab_cv.bench import BenchPlan, Measurement, Row
from deeplab_cv.bench.instruments.child import read_report, run_in_child, started, words_of
from deeplab_cv.engines.candidates import ENGINES
from deeplab_cv.errors import UsageError
from deeplab_cv.machine.files import private_folder
from deeplab_cv.machine.installed import how_to_install

_RATE = 30
_LOOK_S = 0.1
_SETTLING = 0.3
"""The share of a run in which caches and queues fill; growth is counted from there."""

Samples = Sequence[tuple[float, float]]
"""Seconds since the start, and megabytes."""


def measure(plan: BenchPlan) -> Measurement:
    """A row for each engine. Raises UserError."""
    backends = ENGINES if plan.engine.backend == "auto" else (plan.engine.backend,)
    rows = tuple(_row(plan, backend) for backend in backends)
    remarks = (
        "the test pattern at 1280x720, to nothing, with an engine that was chosen before",
        "resident memory of the whole process, its libraries included",
        f"growth: slope of a straight line through all samples but the first {_SETTLING:.0%} of the run",
    )
    return Measurement("memory", f"memory over {plan.memory_frames} frames", rows, remarks)


def growth_mb(samples: Samples) -> float:
    """How much more memory is used at the end than when the run had settled, by the line that fits best."""
    settled = samples[int(len(samples) * _SETTLING) :]
    seconds, megabytes = np.array(settled).T
    slope = np.polyfit(seconds, megabytes, 1)[0]
    return float(slope * (seconds[-1] - seconds[0]))


def _row(plan: BenchPlan, backend: str) -> Row:
    engine = plan.engine.model_copy(update={"backend": backend})
    words = [*words_of(plan.network, engine), "--pattern", "--headless"]
    with private_folder() as folder:
        words += ["--stats", str(folder / "area.csv"), "--end"]
        # Choosing the engine loads them all, once on a machine.
        run_in_child("nothing", [*words, "1"])
        words.append(f"{plan.memory_frames / _RATE:.3f}")
        with started("nothing", words, folder) as process:
            samples = _watch(process)
            output = process.communicate()[1]
        run = read_report(process.returncode, output, folder)
    return {
        "engine": run.engine,
        "frames": plan.memory_frames,
        "highest MB": max(megabytes for _, megabytes in samples),
        "at the end MB": samples[-1][1],
        "growth MB": growth_mb(samples),
        "frames/s": run.frames / run.wall_s,
    }


def _watch(process: "Popen[str]") -> Samples:
    try:
        import psutil
    except ImportError:
        raise UsageError(
            "memory is watched with a package that is missing", "psutil", how_to_install("bench")
        ) from None
    watched, begun_at = psutil.Process(process.pid), time.monotonic()
    samples = []
    while process.poll() is None:
        try:
            megabytes = watched.memory_info().rss / 1e6
        except psutil.NoSuchProcess:
            break
        if megabytes:
            samples.append((time.monotonic() - begun_at, megabytes))
        time.sleep(_LOOK_S)
    return samples

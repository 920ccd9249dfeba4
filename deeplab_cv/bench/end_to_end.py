"""The whole program as a user starts it, beside its floor: file to file, file to nothing, live stream to window."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deeplab_cv.bench import BenchPlan, Measurement, Row
from deeplab_cv.bench.instruments.child import run_in_child, words_of
from deeplab_cv.bench.instruments.clips import clip_at
from deeplab_cv.bench.instruments.program import Run, RunKind
from deeplab_cv.bench.instruments.serving import served
from deeplab_cv.bench.instruments.turns import spread_of
from deeplab_cv.bench.stages import StageCosts, floor_ms, measure_at
from deeplab_cv.machine.display import display_problem
from deeplab_cv.machine.files import private_folder
from deeplab_cv.machine.processor import usable_cores

_HEIGHTS = (720, 1080)
_SECONDS = "5"
_SERVED_S = 60.0
"""Long enough for the slowest engine to load and the run to end, which ends the serving too."""


@dataclass(frozen=True)
class Route:
    """A route through the program.

    Attributes:
        name: what the table calls it.
        kind: the kind of run.
        stages: those a frame passes.
        depth: tensors in flight.
    """

    name: str
    kind: RunKind
    stages: tuple[str, ...]
    depth: int


_SEEN = ("decode", "preprocess", "infer", "labels")
FILE_TO_FILE = Route("file to file", "plain", (*_SEEN, "overlay", "encode"), 2)
FILE_TO_NOTHING = Route("file to nothing", "nothing", (*_SEEN, "overlay"), 2)
LIVE_TO_WINDOW = Route("live stream to window", "live", (*_SEEN, "to BGR", "overlay on BGR", "show"), 1)


def measure(plan: BenchPlan) -> Measurement:
    """A row for each size of frame and route through the program. Raises UserError."""
    no_window = display_problem()
    routes = [FILE_TO_FILE, FILE_TO_NOTHING, *([] if no_window else [LIVE_TO_WINDOW])]
    rows: list[Row] = []
    for height in [height for height in _HEIGHTS if height in plan.heights] or plan.heights[:1]:
        clip = clip_at(plan.clip, height)
        runs: dict[str, list[Run]] = {route.name: [] for route in routes}
        costs: dict[str, StageCosts] = {}
        rounds = max(1, plan.rounds - 1)
        for number in range(rounds):
            for route in routes:
                runs[route.name].append(_run(plan, route, clip))
            if number == (rounds - 1) // 2:
                # In the middle of the runs, so that a machine that becomes slower or faster is fair to both.
                taken = {route.name: (route.depth, runs[route.name][-1].input_size) for route in routes}
                measured = {each: measure_at(plan, height, *each) for each in set(taken.values())}
                costs = {name: measured[each] for name, each in taken.items()}
        rows += [_row(route, costs[route.name], runs[route.name]) for route in routes]
    remarks = [
        "floor: the stages' processor milliseconds, each measured alone, added up, over the cores",
        "input: the network's; where a live stream chose several, its floor is that of one of them",
        "a live stream's rate is its own: what counts is the processor time that is left. The stream comes from a "
        "server on this machine, whose time is not counted",
    ]
    if no_window:
        remarks.append(f"live stream to window is not measured: {no_window}")
    return Measurement("end-to-end", "the whole program beside its floor", tuple(rows), tuple(remarks))


def _run(plan: BenchPlan, route: Route, clip: Path) -> Run:
    with private_folder() as folder:
        words = [*words_of(plan.network, plan.engine), "--end", _SECONDS, "--video"]
        if route.kind == "live":
            with served(clip, _SERVED_S) as url:
                return run_in_child(route.kind, [*words, url])
        words.append(str(clip))
        if route.kind == "plain":
            words += ["--headless", "--out", str(folder / "out.mp4")]
        if route.kind == "nothing":
            words += ["--headless", "--stats", str(folder / "area.csv")]
        return run_in_child(route.kind, words)


def _row(route: Route, costs: StageCosts, runs: Sequence[Run]) -> Row:
    cores = usable_cores()
    floor = floor_ms(costs, route.stages, cores)
    wall_ms = spread_of(run.wall_s * 1000 / run.frames for run in runs)
    processor_ms = spread_of(run.processor_s * 1000 / run.frames for run in runs)
    used = spread_of(run.processor_s / run.wall_s / cores for run in runs)
    return {
        "frame": str(costs.size),
        "route": route.name,
        "input": ", ".join(dict.fromkeys(str(run.input_size) for run in runs)),
        "frames/s": spread_of(run.frames / run.wall_s for run in runs),
        "wall ms": wall_ms,
        "floor ms": floor,
        "floor : wall": None if route.kind == "live" else floor / wall_ms.median,
        "processor ms": processor_ms,
        "stages' sum ms": costs.sum_ms(route.stages),
        "processor left": f"{1 - used.median:.0%}",
        "dropped": max(run.dropped for run in runs),
    }

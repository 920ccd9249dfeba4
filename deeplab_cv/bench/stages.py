"""What each stage costs alone, on the clock and in processor time, at each size of frame."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import cv2
import numpy as np

from deeplab_cv.bench import BenchPlan, Measurement, Row, ShowFrame
from deeplab_cv.bench.instruments.clips import clip_at
from deeplab_cv.bench.instruments.turns import Cost, Spread, Work, costs_in_turns, spread_of
from deeplab_cv.engines.engine import run_all
from deeplab_cv.frames.frame import Frame, Painted
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.display import display_problem
from deeplab_cv.machine.files import private_folder
from deeplab_cv.networks.network import at_size
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.overlay.look import Look, look_of
from deeplab_cv.overlay.painting import painted_frame
from deeplab_cv.overlay.view import View
from deeplab_cv.segmentation.labels import labels_of
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.preprocess import blob_of
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sinks.video import VideoSink
from deeplab_cv.sources.source import Source
from deeplab_cv.sources.video import VideoSource
from deeplab_cv.sources.wrappers import Looped
from deeplab_cv.start import wanted_pace

STAGES = ("decode", "to BGR", "preprocess", "infer", "labels", "overlay", "overlay on BGR", "encode", "show")
"""In the order in which a frame passes them; from file to file a picture stays in YUV, for a window it is BGR."""

_AROUND = ("decode", "preprocess", "labels", "overlay")
"""What a file job to nothing costs besides inference."""

_LINES = ("30.0 frames/s  inference 20 ms  latency 40 ms  dropped 0", "deeplabv3_lite on openvino:cpu:int8")
_PIXELS_PER_ROUND = 24 * 1280 * 720
_FEWEST, _MOST = 5, 24
_SPAN = 150
"""The rounds lie evenly over so many frames from the clip's beginning, those that end-to-end runs through."""


@dataclass(frozen=True)
class StageCosts:
    """What the stages cost at one size of frame.

    Attributes:
        size: of the frames, in pixels.
        engine: the engine in its own words.
        costs: stage -> what each round cost a frame.
    """

    size: Size
    engine: str
    costs: Mapping[str, Sequence[Cost]]

    def wall_ms(self, stage: str) -> Spread:
        """Milliseconds a frame on the clock."""
        return spread_of(cost.wall_ms for cost in self.costs[stage])

    def processor_ms(self, stage: str) -> Spread:
        """Milliseconds a frame of all cores together."""
        return spread_of(cost.processor_ms for cost in self.costs[stage])

    def sum_ms(self, stages: Sequence[str]) -> float:
        """Processor milliseconds of a frame that passes these stages."""
        return sum(self.processor_ms(stage).median for stage in stages)


def floor_ms(costs: StageCosts, stages: Sequence[str], cores: int) -> float:
    """The least a frame can take that passes these stages: their processor time, measured alone, over the cores."""
    return costs.sum_ms(stages) / cores


def measure(plan: BenchPlan) -> Measurement:
    """A row for each size of frame and stage. Raises UserError."""
    measured = [measure_at(plan, height, depth=2) for height in plan.heights]
    rows = [row for costs in measured for row in _rows(costs)]
    remarks = [f"the engine is {measured[0].engine}, with two frames in flight as in a file job"]
    if "show" not in measured[0].costs:
        remarks.append(f"show is not measured: {display_problem()}")
    return Measurement(
        "stages", "each stage alone, milliseconds a frame: median (lowest..highest)", tuple(rows), tuple(remarks)
    )


def measure_at(plan: BenchPlan, height: int, depth: int, input_size: Size | None = None) -> StageCosts:
    """Every stage in turns; each round is at another place of the clip, since frames differ in what they cost.

    Args:
        plan: what is to be measured.
        height: of the frames, in lines.
        depth: tensors in flight.
        input_size: the network's; what a run would take where none is named.

    Raises:
        UserError: the network, its engine or the clip cannot be had.
    """
    network = wanted_network(plan.network)
    if input_size is not None:
        network = at_size(network, input_size)
    clip = clip_at(plan.clip, height)
    with ExitStack() as stack:
        source = stack.enter_context(Looped(lambda: VideoSource(clip)))
        # One frame in flight is what a live picture has, which also is to keep its rate.
        pace_fps = wanted_pace(plan.pace, replace(source.info, live=depth == 1))
        engines = stack.enter_context(NetworkEngines(network, plan.engine, depth=depth, pace_fps=pace_fps))
        show = None
        if plan.open_window is not None and display_problem() is None:
            show = stack.enter_context(plan.open_window())
        folder = stack.enter_context(private_folder())
        # One file for all rounds: opening an encoder would weigh on few frames what a video has once.
        sink = VideoSink(folder / "bench.mp4", replace(source.info, path=None), whole=False)
        stack.callback(sink.abandon)
        bench = _Bench(plan, source, engines, show, sink)
        size = source.info.size
        if engines.load(size).shared.engine.name != "opencv":
            # A second thread of OpenCV's spins while it waits. Beside a core that idles, as here, that would be counted
            # twice; in a whole run it makes no difference (seen: the same wall and processor time with one and two).
            stack.callback(cv2.setNumThreads, cv2.getNumThreads())
            cv2.setNumThreads(1)
        count = max(_FEWEST, min(_MOST, _PIXELS_PER_ROUND // (size.width * size.height)))
        # The first round fills caches and is not counted.
        costs_in_turns(bench.works(_next_frames(source, count)), 1)
        costs: dict[str, list[Cost]] = {}
        for _ in range(plan.rounds):
            works = bench.works(_next_frames(source, count))
            for stage, turns in costs_in_turns(works, 1).items():
                costs.setdefault(stage, []).extend(turns)
            _next_frames(source, max(0, _SPAN // plan.rounds - 2 * count))
        return StageCosts(size, engines.load(size).name, costs)


@dataclass(frozen=True)
class _Bench:
    """What all rounds share."""

    plan: BenchPlan
    source: Source
    engines: NetworkEngines
    show: ShowFrame | None
    sink: VideoSink

    def works(self, frames: list[Frame]) -> dict[str, Work]:
        """Every stage, to be run on these frames."""
        card = self.engines.network.card
        loaded = self.engines.load(frames[0].size)
        input_size, engine = loaded.input_size, loaded.shared.engine
        blobs = [blob_of(frame.pixels, input_size, card.input) for frame in frames]
        again = np.empty_like(blobs[0])
        stream = Stream(self.engines)
        scored = [stream.score(frame) for frame in frames]
        labels = [labels_of(each) for each in scored]
        view = View(picture=self.plan.picture)

        def paint() -> list[Painted]:
            return [painted_frame(*pair, view) for pair in zip(scored, labels, strict=True)]

        painted = paint()
        for frame, each in zip(frames, painted, strict=True):
            # BGR is made when it is first asked for: now, and not while painting or showing is timed.
            _ = frame.image, each.picture
        _make(painted)
        fresh: list[Frame] = []
        doings: dict[str, Callable[[], object]] = {
            "decode": lambda: fresh.extend(_next_frames(self.source, len(frames))),
            # A frame keeps its BGR form: only those that were decoded just now still have to make it.
            "to BGR": lambda: [frame.image for frame in fresh],
            "preprocess": lambda: [blob_of(frame.pixels, input_size, card.input, again) for frame in frames],
            "infer": lambda: list(run_all(engine, blobs)),
            "labels": lambda: [labels_of(each) for each in scored],
            "overlay": lambda: _make(paint()),
            "overlay on BGR": lambda: [each.picture for each in paint()],
            "encode": lambda: _write(self.sink, painted),
        }
        if (show := self.show) is not None:
            look = look_of(view, card.classes)
            doings["show"] = lambda: _show(show, painted, look)
        return {name: Work(_without_result(do), len(frames)) for name, do in doings.items()}


def _rows(costs: StageCosts) -> list[Row]:
    size = str(costs.size)
    rows: list[Row] = [
        {"frame": size, "stage": stage, "wall ms": costs.wall_ms(stage), "processor ms": costs.processor_ms(stage)}
        for stage in STAGES
        if stage in costs.costs
    ]
    around = costs.sum_ms(_AROUND)
    return [*rows, {"frame": size, "stage": "all but infer, to nothing", "wall ms": None, "processor ms": around}]


def _make(painted: Sequence[Painted]) -> None:
    """Have the pictures painted, in the form a video file takes."""
    for each in painted:
        each.pixels.make()


def _next_frames(source: Source, count: int) -> list[Frame]:
    return [frame for _ in range(count) if (frame := source.read()) is not None]


def _write(sink: VideoSink, painted: Sequence[Painted]) -> None:
    for each in painted:
        sink.write(each)


def _show(show: ShowFrame, painted: Sequence[Painted], look: Look) -> None:
    """Into the window, with what a user sees over the picture: the list of classes and two lines of text."""
    for each in painted:
        show(each, look, _LINES)


def _without_result(do: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        do()

    return run

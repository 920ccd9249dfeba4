"""Settings -> a job, put together from one network, one source, sinks and perhaps a window."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from deeplab_cv.engines import EngineWish
from deeplab_cv.errors import UsageError
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.jobs.job import Job, run_job
from deeplab_cv.machine import folders
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.overlay.look import make_look
from deeplab_cv.overlay.view import USUAL_SMOOTHING, View
from deeplab_cv.segmentation.network_choice import candidates, most_accurate_in_time
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.propagation import Economy
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.settings import Settings
from deeplab_cv.sinks import Sink
from deeplab_cv.sinks.background import InBackground
from deeplab_cv.sinks.opening import open_sinks
from deeplab_cv.sinks.progress import Progress
from deeplab_cv.sinks.video import VideoSink
from deeplab_cv.sources import Source
from deeplab_cv.sources.opening import Kind, SourceOptions, open_source
from deeplab_cv.sources.url import is_stream
from deeplab_cv.viewer.desk import Desk
from deeplab_cv.viewer.window import Window, display_problem

FLUENT_FPS = 30.0
"""Of a faster camera's pictures no more are worth smaller input, unless the user says so."""


DEMO_OUT = "demo-segmented.mp4"


@dataclass(frozen=True)
class Wish:
    """Which source the settings name.

    Attributes:
        text: what open_source is given.
        kind: which flag it came from.
    """

    text: str
    kind: Kind


def start(settings: Settings, open_: Callable[..., Source] = open_source, run: Callable[[Job], int] = run_job) -> None:
    """Run what the settings describe, to its end.

    Args:
        settings: the run's.
        open_: opens the source, as `open_source`; a benchmark has its own, as for the next.
        run: runs the job, as `run_job`.

    Raises:
        UserError: something cannot be had or failed.
        KeyboardInterrupt: the user stopped it.
    """
    named = wanted_source(settings)
    network = wanted_network(settings)
    no_window = "--headless" if settings.headless else display_problem()
    settings = with_an_output(settings, no_window)
    writes_files = bool(settings.out or settings.masks or settings.stats)
    # A picture that is only shown waits for Segment and can be restarted for ever, as in the tutorial.
    tutorial = named.kind == "image" and not writes_files
    options = _source_options(settings, loop=settings.loop or tutorial)
    with ExitStack() as stack:
        source = stack.enter_context(open_(named.text, options, named.kind))
        view = first_view(settings, tutorial)
        # An unknown class or background is found before anything is written.
        make_look(settings.style, settings.alpha, settings.paint, network.card.classes, settings.background)
        sinks = [InBackground(sink) for sink in open_sinks(settings, source.info, named.kind == "image")]
        # Two frames in flight keep both cores busy in a file job; a live picture must not wait behind another.
        depth = 1 if source.info.live else 2
        economy = Economy(settings.carry, settings.still, settings.target_fps)
        wish = EngineWish(settings.backend, settings.threads, depth)
        networks = candidates(network) if settings.target_fps is not None and settings.model is None else [network]
        make_engines = partial(NetworkEngines, wish=wish, pace_fps=wanted_pace(settings, source.info))
        engines = most_accurate_in_time(networks, network, make_engines, source.info.size_wh)
        stream = Stream(engines, economy, closes_engines=True)
        total = None if options.loop else source.info.frame_count
        progress = stack.enter_context(Progress(total, visible=no_window is not None))
        desk = None
        if no_window is None:
            window = Window(f"deeplab-cv: {source.info.name}")
            recorder = partial(_recorder, settings, source.info)
            desk = Desk(window, view, tutorial, recorder, network.file, source.info.name)
        run(Job(source, stream, sinks, desk, view, progress.advance, _say))


def wanted_source(settings: Settings) -> Wish:
    """The one source the settings name. Raises UsageError where they name none, or several."""
    named: list[Wish] = []
    if settings.camera is not None:
        named.append(Wish(settings.camera, "camera"))
    if settings.video is not None:
        named.append(Wish(settings.video, "stream" if is_stream(settings.video) else "video"))
    if settings.image is not None:
        named.append(Wish(settings.image, "image"))
    if settings.pattern:
        named.append(Wish("pattern", "pattern"))
    if settings.demo:
        named.append(Wish(str(folders.demo_clip()), "video"))
    if len(named) != 1:
        what = "no source is named" if not named else f"{len(named)} sources are named"
        remedy = "name one: --camera 0, --video FILE, --image FILE, --pattern or --demo"
        raise UsageError(what, "the command line", remedy)
    return named[0]


def with_an_output(settings: Settings, no_window: str | None) -> Settings:
    """The settings themselves, or for the demo without a window those that write a file.

    Raises UsageError where nothing would come out of the run.
    """
    if no_window is None or settings.out or settings.masks or settings.stats:
        if no_window is not None and not settings.headless:
            _say(f"no window: {no_window}")
        return settings
    if settings.demo:
        _say(f"no window: {no_window}; writing {DEMO_OUT}")
        return settings.model_copy(update={"out": DEMO_OUT})
    raise UsageError("no window can be opened", no_window, "say where pictures go: --out, --masks or --stats")


def _source_options(settings: Settings, loop: bool) -> SourceOptions:
    return SourceOptions(
        width=settings.width,
        height=settings.height,
        fps=settings.fps,
        loop=loop,
        mirror=settings.mirror,
        every=settings.every,
        start=settings.start,
        end=settings.end,
    )


def _recorder(settings: Settings, info: SourceInfo, path: Path) -> Sink:
    info = replace(info, sound=info.sound and not settings.loop)
    return InBackground(VideoSink(path, info, settings.codec, settings.crf, settings.preset, whole=False))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def wanted_pace(settings: Settings, info: SourceInfo) -> float | None:
    """Frames a second to be inferred: as the settings say, else a live source's, up to 30; None for a file."""
    if settings.target_fps is not None or not info.live or info.frame_rate is None:
        return settings.target_fps
    return min(FLUENT_FPS, float(info.frame_rate) / settings.every)


def first_view(settings: Settings, pictures: bool) -> View:
    """What is shown at the start; pictures wait, one at a time and unpainted, for Segment, as in the iOS tutorial."""
    return View(
        overlay=not pictures,
        style=settings.style,
        alpha=settings.alpha,
        smooth=settings.smooth,
        paint=settings.paint,
        background=settings.background,
        usual_smooth=settings.smooth or USUAL_SMOOTHING,
        line=settings.line,
        legend=settings.legend,
        paused=pictures,
    )

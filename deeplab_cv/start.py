"""Settings -> a job, put together from one network, one source, sinks, and perhaps a window and a page."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from deeplab_cv.controls.controls import Controls
from deeplab_cv.controls.staged import Staged, Unseen
from deeplab_cv.engines.choice import Report, to_nobody
from deeplab_cv.errors import UsageError
from deeplab_cv.events.opening import check_events
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.jobs.job import Job, Screen
from deeplab_cv.machine.display import display_problem
from deeplab_cv.networks.network import Network
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.overlay.look import check_paint, with_the_network_s_names
from deeplab_cv.overlay.view import USUAL_SMOOTHING, View
from deeplab_cv.page.options import PageOptions
from deeplab_cv.page.server import PageServer
from deeplab_cv.segmentation.network_choice import candidates, most_accurate_in_time
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.settings import Settings
from deeplab_cv.sinks.leftovers import name_leftovers
from deeplab_cv.sinks.of_source import outputs_of
from deeplab_cv.sinks.shared_stream import SharedStream
from deeplab_cv.sources.browser_camera import BrowserCamera
from deeplab_cv.sources.named import wanted_source, wanted_sources
from deeplab_cv.sources.opening import as_asked, open_browser_camera, open_source
from deeplab_cv.sources.source import Source
from deeplab_cv.sources.wrappers import Mirrored
from deeplab_cv.start_outputs import opened_outputs, recording_sink
from deeplab_cv.viewer.screen import WindowScreen
from deeplab_cv.viewer.window import Window

FLUENT_FPS = 30.0
"""Of a faster camera's pictures no more are worth smaller input, unless the user says so."""

DEMO_OUT = "demo-segmented.mp4"


_log = logging.getLogger(__name__)


@contextmanager
def assembled(
    settings: Settings,
    *,
    source: Source | None = None,
    folder: Path = Path(),
    settings_file: Path | None = None,
    report: Report = to_nobody,
) -> Iterator[Job]:
    """A run as the settings describe it, put together and ready to go; at the end all that it opened is closed.

    Args:
        settings: the run's.
        source: an open one, in place of the one that the settings name.
        folder: where the window's snapshots and recordings go.
        settings_file: where the settings were read from, which no output may replace.
        report: is told what is done while an engine is loaded, where no screen shows it.

    Raises:
        UserError: something cannot be had.
    """
    wanted = wanted_source(settings.source)
    network = wanted_network(settings.network)
    no_window = "--headless" if settings.output.headless else display_problem()
    settings = with_an_output(settings, no_window)
    settings = settings.model_copy(update={"output": outputs_of(settings.output, wanted.label)})
    # Pictures that are only shown are leafed through, by keys or as in the tutorial.
    pictures = wanted.kind == "image" and not settings.output.writes_files
    check_events(settings.events, pictures=wanted.kind == "image")
    tutorial = settings.source.tutorial
    if tutorial and not pictures:
        remedy = "leave it out, or show pictures: --image FOLDER --tutorial"
        raise UsageError("this is for pictures that are shown and not written", "--tutorial", remedy)
    options = settings.source.model_copy(update={"loop": False}) if pictures else settings.source
    camera = browser_camera_of(settings)
    if camera is not None:
        source = source or as_asked(camera.source, options)
    with source or open_source(wanted.text, options, wanted.kind, forgiving=pictures) as opened, ExitStack() as stack:
        info = opened.info
        settings = with_the_network_s_paint(settings, network)
        also_read = [settings_file] if settings_file else []
        outputs = opened_outputs(
            settings, info, network, stack, is_picture_job=wanted.kind == "image", also_read=also_read
        )
        sinks = outputs.sinks
        view = first_view(settings, pictures=pictures, live=info.live)
        if no_window is not None and settings.page.serve is None:
            stream = _ready_stream(settings, network, info, report=report)
            try:
                yield Job(opened, stream, sinks, view)
            finally:
                # A run closes it in the thread that infers; here that might be to wait for an engine that hangs.
                if not stream.begun:
                    stream.close()
            return
        name_leftovers(folder)
        mirrored = Mirrored(opened, on=False)
        controls = Controls(
            view,
            pictures=pictures,
            tutorial=tutorial,
            folder=folder,
            make_recorder=partial(recording_sink, settings, info),
            network_file=network.file,
            source_name=info.name,
            names=info.names,
            live=info.live,
            mirror=mirrored.exchange,
            span=info.span,
            writes=bool(sinks),
            recorder=outputs.recorder,
        )
        # Window and page show the source while an engine is being loaded, or chosen among all: half a minute.
        open_stream = partial(_ready_stream, settings, network, info, report=controls.report)
        label, window = wanted.label, no_window is None
        rests = not window and not sinks and not pictures
        with _screen(
            settings.page, controls, info, label, camera, outputs.encoded, window=window, rests=rests
        ) as screen:
            yield Job(mirrored, open_stream, sinks, view, screen)


@contextmanager
def _screen(
    page: PageOptions,
    controls: Controls,
    info: SourceInfo,
    label: str,
    camera: BrowserCamera | None,
    encoded: SharedStream | None,
    *,
    window: bool,
    rests: bool,
) -> Iterator[Screen]:
    """Where a run shows itself: a window, a page, or a window with a page beside it; see Staged for `rests`."""
    with ExitStack() as stack:
        screen: Screen = Unseen(controls)
        if window:
            opened = stack.enter_context(closing(Window(f"deeplab-cv: {info.name}")))
            screen = WindowScreen(opened, controls)
        if page.serve is not None:
            server = stack.enter_context(PageServer(page, controls.ask, camera=camera, stream=encoded))
            screen = Staged(screen, controls, server.stage, info, label, rests=rests)
        yield screen


def browser_camera_of(settings: Settings) -> BrowserCamera | None:
    """What a page's camera is sent to; None where it is not asked for. Raises UsageError where there is no page."""
    if not settings.source.browser_camera:
        return None
    if settings.page.serve is None:
        raise UsageError("a page has to send it", "--browser-camera", "serve one: --browser-camera --serve 8000")
    return open_browser_camera(settings.source)


def with_an_output(settings: Settings, no_window: str | None) -> Settings:
    """The settings themselves, or for the demo without a window those that write a file.

    Raises UsageError where nothing would come out of the run.
    """
    output = settings.output
    if no_window is None or output.writes_files or settings.events.records or settings.page.serve is not None:
        if no_window is not None and not output.headless:
            _log.info("no window: %s", no_window)
        return settings
    if settings.source.demo and len(wanted_sources(settings.source)) == 1:
        _log.info("no window: %s; writing %s", no_window, DEMO_OUT)
        return settings.model_copy(update={"output": output.model_copy(update={"out": DEMO_OUT})})
    remedy = "say where pictures go: --out, --masks, --stats, --record-to or --serve"
    raise UsageError("no window can be opened", no_window, remedy)


def with_the_network_s_paint(settings: Settings, network: Network) -> Settings:
    """Settings whose painted classes are named as the network names them. Raises SettingsError for one it lacks."""
    check_paint(settings.picture, network.card.classes)
    picture = with_the_network_s_names(settings.picture, network.card.classes)
    return settings.model_copy(update={"picture": picture})


def _ready_stream(settings: Settings, network: Network, info: SourceInfo, *, report: Report) -> Stream:
    """The stream for frames of this source, its engine loaded and proven."""
    engines = opened_engines(settings, network, [info], report=report)
    return Stream(engines, settings.pace, closes_engines=True)


def opened_engines(
    settings: Settings, network: Network, infos: Sequence[SourceInfo], *, report: Report = to_nobody
) -> NetworkEngines:
    """The engines for frames of these sources, loaded and proven for the size of each. Raises EngineError."""
    pace = settings.pace
    # Any network of models/ will do where a rate is named and no network.
    networks = candidates(network) if pace.target_fps is not None and settings.network.model is None else [network]
    rates = [wanted_pace(pace, info, every=settings.source.every) for info in infos]
    make_engines = partial(
        NetworkEngines,
        options=settings.engine,
        # Two frames in flight keep both cores busy in a file job; a live picture must not wait behind another.
        depth=1 if any(info.live for info in infos) else 2,
        pace_fps=sum(rate for rate in rates if rate is not None) or None,
        report=report,
    )
    largest = max((info.size for info in infos), key=lambda size: size.width * size.height)
    engines = most_accurate_in_time(networks, network, make_engines, largest)
    try:
        for info in infos:
            engines.load(info.size)
    except BaseException:
        engines.close()
        raise
    return engines


def wanted_pace(pace: PaceOptions, info: SourceInfo, *, every: int = 1) -> float | None:
    """Frames a second to be inferred: as the options say, else a live source's, up to 30; None for a file.

    Args:
        pace: the rate that is asked for.
        info: of the source.
        every: only every N-th frame of the source comes.
    """
    if pace.target_fps is not None or not info.live or info.frame_rate is None:
        return pace.target_fps
    return min(FLUENT_FPS, float(info.frame_rate) / every)


def first_view(settings: Settings, *, pictures: bool, live: bool) -> View:
    """What is shown at the start; pictures wait, one at a time, those of the tutorial unpainted."""
    smooth = settings.labels.smooth
    if smooth is None:
        smooth = USUAL_SMOOTHING if live else 0.0
    return View(
        overlay=not settings.source.tutorial,
        picture=settings.picture,
        smooth=smooth,
        usual_smooth=smooth or USUAL_SMOOTHING,
        paused=pictures,
    )

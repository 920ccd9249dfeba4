"""Settings -> several jobs at once on one set of engines, each with a source and outputs of its own."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deeplab_cv.controls.common_switching import CommonSwitching
from deeplab_cv.controls.controls import Controls
from deeplab_cv.controls.several import Panel, SeveralControls
from deeplab_cv.controls.stage import RunState, Stage
from deeplab_cv.controls.staged import Staged, Unseen
from deeplab_cv.engines.choice import Report, to_nobody
from deeplab_cv.errors import SourceError
from deeplab_cv.events.opening import check_events
from deeplab_cv.events.recorder import EventRecorder
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.job import Job
from deeplab_cv.jobs.several import NamedJob, Outcome, Overview
from deeplab_cv.machine.display import display_problem
from deeplab_cv.networks.network import Network
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.page.server import PageServer
from deeplab_cv.page.several import SeveralOnPage
from deeplab_cv.segmentation.common_engines import CommonEngines
from deeplab_cv.settings import Settings
from deeplab_cv.sinks.leftovers import name_leftovers
from deeplab_cv.sinks.of_source import outputs_of, refuse_shared_outputs
from deeplab_cv.sinks.sink import Sink
from deeplab_cv.sources.browser_camera import BrowserCamera
from deeplab_cv.sources.live import ASSUMED_RATE, ASSUMED_SIZE
from deeplab_cv.sources.named import NamedSource, wanted_sources
from deeplab_cv.sources.opening import as_asked, fitting, open_source
from deeplab_cv.sources.source import Source
from deeplab_cv.sources.state import SourceState
from deeplab_cv.sources.wrappers import Mirrored
from deeplab_cv.start import (
    browser_camera_of,
    first_view,
    opened_engines,
    with_an_output,
    with_the_network_s_paint,
)
from deeplab_cv.start_outputs import opened_outputs, recording_sink
from deeplab_cv.viewer.grid import GridDrawer, cell_view
from deeplab_cv.viewer.several import SeveralWindow
from deeplab_cv.viewer.window import Window

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Several:
    """Several runs, put together.

    Attributes:
        jobs: those whose source could be opened.
        failed: what became of the others.
        overview: shows them together; None where they only write.
    """

    jobs: Sequence[NamedJob]
    failed: Sequence[Outcome]
    overview: Overview | None = None

    @property
    def frame_count(self) -> int | None:
        """How many frames will come from all of them; None where nobody knows."""
        counts = [named.job.source.info.frame_count for named in self.jobs]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None


@dataclass(frozen=True)
class _Opened:
    """A source that is open, and where its frames go."""

    label: str
    source: Mirrored
    sinks: Sequence[Sink]
    recorder: EventRecorder | None


@contextmanager
def assembled_several(
    settings: Settings, *, folder: Path = Path(), settings_file: Path | None = None, report: Report = to_nobody
) -> Iterator[Several]:
    """The runs that the settings describe, ready to go; at the end all that they opened is closed.

    Args:
        settings: those of all of them.
        folder: where snapshots and recordings go.
        settings_file: where the settings were read from, which no output may replace.
        report: is told what is done while engines are loaded, where nothing shows it.

    Raises:
        UserError: something cannot be had that all of them need, or none of the sources can be opened.
    """
    named = wanted_sources(settings.source)
    network = wanted_network(settings.network)
    no_window = "--headless" if settings.output.headless else display_problem()
    settings = with_an_output(settings, no_window)
    refuse_shared_outputs(settings.output)
    check_events(settings.events, pictures=False)
    settings = with_the_network_s_paint(settings, network)
    camera = browser_camera_of(settings)
    with ExitStack() as stack:
        also_read = [settings_file] if settings_file else []
        opened, failed = _open_all(settings, named, network, camera, stack, also_read=also_read)
        infos, count = [each.source.info for each in opened], len(opened)
        if no_window is not None and settings.page.serve is None:
            open_engines = partial(opened_engines, settings, network, infos, report=report)
            common = CommonEngines(open_engines, settings.pace, shared_by=count)
            yield Several([_written_job(settings, each, common, stack) for each in opened], failed)
            return
        name_leftovers(folder)
        switching = CommonSwitching(network.file, settings.pace, shared_by=count)
        stack.callback(switching.let_go)
        panels = {each.label: _panel(settings, each, folder, switching) for each in opened}
        panels |= {outcome.label: _missing_panel(settings, outcome, folder) for outcome in failed}
        several = SeveralControls([panels[each.label] for each in named])
        _show(several, settings, camera, stack, window=no_window is None)
        rests = no_window is not None
        # The sources are shown while engines are being loaded, or chosen among all: half a minute.
        open_engines = partial(opened_engines, settings, network, infos, report=several.report)
        common = CommonEngines(open_engines, settings.pace, shared_by=count)
        jobs = [_shown_job(each, panels[each.label], common, rests=rests) for each in opened]
        yield Several(jobs, failed, several)


def _show(
    several: SeveralControls, settings: Settings, camera: BrowserCamera | None, stack: ExitStack, *, window: bool
) -> None:
    """Open the window and the page that are asked for."""
    if window:
        title = f"deeplab-cv: {len(several.panels)} sources"
        several.show_on(SeveralWindow(stack.enter_context(closing(Window(title)))))
    if settings.page.serve is not None:
        server = stack.enter_context(PageServer(settings.page, several.ask, camera=camera))
        drawer = GridDrawer()

        def look(panels: Sequence[Panel]) -> Callable[[Size], Image]:
            return partial(drawer.draw, [cell_view(panel) for panel in panels])

        several.show_on(SeveralOnPage(server.stage, several, look))


def _panel(settings: Settings, opened: _Opened, folder: Path, switching: CommonSwitching) -> Panel:
    info = opened.source.info
    controls = Controls(
        first_view(settings, pictures=False, live=info.live),
        pictures=False,
        folder=folder,
        make_recorder=partial(recording_sink, settings, info),
        network_file=None,
        source_name=info.name,
        live=info.live,
        mirror=opened.source.exchange,
        span=info.span,
        writes=bool(opened.sinks),
        recorder=opened.recorder,
        label=opened.label,
        switching=switching,
    )
    return Panel(opened.label, controls, Stage())


def _missing_panel(settings: Settings, outcome: Outcome, folder: Path) -> Panel:
    """What stands for a source that cannot be opened: its name, and why."""
    label, why = outcome.label, str(outcome.error)
    view = first_view(settings, pictures=False, live=False)
    info = SourceInfo(label, ASSUMED_SIZE, frame_rate=None, frame_count=None, live=False, time_base=1 / ASSUMED_RATE)
    controls = Controls(
        view,
        pictures=False,
        folder=folder,
        make_recorder=partial(recording_sink, settings, info),
        network_file=None,
        source_name=label,
        label=label,
    )
    stage = Stage()
    source_state = SourceState(label, "gone", reason=why)
    stage.say(RunState(label=label, source=info, source_state=source_state, view=view, progress="", tutorial=False))
    return Panel(label, controls, stage, over=why)


def _shown_job(opened: _Opened, panel: Panel, common: CommonEngines, *, rests: bool) -> NamedJob:
    """A run that is shown together with others; where there is no window it `rests` while nobody looks at the page."""
    controls, source = panel.controls, opened.source
    rests = rests and not opened.sinks
    screen = Staged(Unseen(controls), controls, panel.stage, source.info, panel.label, rests=rests)
    return NamedJob(panel.label, Job(source, common.stream, opened.sinks, controls.view, screen))


def _written_job(settings: Settings, opened: _Opened, common: CommonEngines, stack: ExitStack) -> NamedJob:
    """A run that shows itself nowhere, its engine loaded and proven."""
    stream = common.stream()
    # A run closes it in the thread that infers; here that might be to wait for an engine that hangs.
    stack.callback(lambda: None if stream.begun else stream.close())
    view = first_view(settings, pictures=False, live=opened.source.info.live)
    return NamedJob(opened.label, Job(opened.source, stream, opened.sinks, view))


def _open_all(
    settings: Settings,
    named: Sequence[NamedSource],
    network: Network,
    camera: BrowserCamera | None,
    stack: ExitStack,
    *,
    also_read: Sequence[Path],
) -> tuple[list[_Opened], list[Outcome]]:
    """Open all sources at the same time, and then their outputs; what became of those that cannot be opened.

    Raises UserError where an option is wrong for one of them, or none can be opened.
    """
    kinds = {each.kind for each in named}

    def open_one(each: NamedSource) -> Source | SourceError:
        try:
            options = fitting(settings.source, each.kind, kinds)
            if each.kind == "browser" and camera is not None:
                return stack.enter_context(as_asked(camera.source, options))
            return stack.enter_context(open_source(each.text, options, each.kind))
        except SourceError as error:
            return error

    # Each may take seconds to answer.
    with ThreadPoolExecutor(len(named)) as threads:
        answers = list(threads.map(open_one, named))
    opened, failed = [], []
    for each, answer in zip(named, answers, strict=True):
        if isinstance(answer, SourceError):
            failed.append(Outcome(each.label, 0, error=answer))
            continue
        output = outputs_of(settings.output, each.label)
        own = settings.model_copy(update={"output": output})
        outputs = opened_outputs(own, answer.info, network, stack, also_read=also_read, label=each.label)
        opened.append(_Opened(each.label, Mirrored(answer, on=False), outputs.sinks, outputs.recorder))
    if not opened:
        raise next(answer for answer in answers if isinstance(answer, SourceError))
    return opened, failed

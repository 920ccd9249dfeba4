"""Settings -> several jobs at once on one set of engines, each with a source and outputs of its own."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deeplab_cv.engines.choice import Report, to_nobody
from deeplab_cv.errors import SourceError, UsageError
from deeplab_cv.events.opening import check_events
from deeplab_cv.jobs.job import Job
from deeplab_cv.jobs.several import NamedJob, Outcome
from deeplab_cv.machine.display import display_problem
from deeplab_cv.networks.network import Network
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.overlay.look import check_paint, with_the_network_s_names
from deeplab_cv.segmentation.common_engines import CommonEngines
from deeplab_cv.settings import Settings
from deeplab_cv.sinks.background import InBackground
from deeplab_cv.sinks.of_source import outputs_of, refuse_shared_outputs
from deeplab_cv.sinks.opening import open_sinks
from deeplab_cv.sinks.shared_stream import SharedStream
from deeplab_cv.sinks.sink import Sink
from deeplab_cv.sources.named import NamedSource, wanted_sources
from deeplab_cv.sources.opening import fitting, open_source
from deeplab_cv.sources.source import Source
from deeplab_cv.start import first_view, opened_engines, opened_recorder, with_an_output

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Several:
    """Several runs, put together.

    Attributes:
        jobs: those whose source could be opened.
        failed: what became of the others.
    """

    jobs: Sequence[NamedJob]
    failed: Sequence[Outcome]

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
    source: Source
    sinks: Sequence[Sink]


@contextmanager
def assembled_several(
    settings: Settings, *, settings_file: Path | None = None, report: Report = to_nobody
) -> Iterator[Several]:
    """The runs that the settings describe, ready to go; at the end all that they opened is closed.

    Args:
        settings: those of all of them.
        settings_file: where the settings were read from, which no output may replace.
        report: is told what is done while engines are loaded, where nothing shows it.

    Raises:
        UserError: something cannot be had that all of them need, or none of the sources can be opened.
    """
    named = wanted_sources(settings.source)
    network = wanted_network(settings.network)
    if settings.page.serve is not None:
        raise UsageError("the page shows one source", "--serve", "name one source, or leave it out")
    no_window = "--headless" if settings.output.headless else display_problem()
    settings = with_an_output(settings, no_window or "it shows one source")
    refuse_shared_outputs(settings.output)
    check_events(settings.events, pictures=False)
    check_paint(settings.picture, network.card.classes)
    picture = with_the_network_s_names(settings.picture, network.card.classes)
    settings = settings.model_copy(update={"picture": picture})
    with ExitStack() as stack:
        also_read = [settings_file] if settings_file else []
        opened, failed = _open_all(settings, named, network, stack, also_read=also_read)
        infos = [each.source.info for each in opened]
        open_engines = partial(opened_engines, settings, network, infos, report=report)
        common = CommonEngines(open_engines, settings.pace, shared_by=len(opened))
        jobs = [_written_job(settings, each, common, stack) for each in opened]
        yield Several(jobs, failed)


def _written_job(settings: Settings, opened: _Opened, common: CommonEngines, stack: ExitStack) -> NamedJob:
    """A run that shows itself nowhere, its engine loaded and proven."""
    stream = common.stream()

    # A run closes it in the thread that infers; here that might be to wait for an engine that hangs.
    stack.callback(lambda: None if stream.begun else stream.close())
    view = first_view(settings, pictures=False, live=opened.source.info.live)
    return NamedJob(opened.label, Job(opened.source, stream, opened.sinks, view))


def _open_all(
    settings: Settings, named: Sequence[NamedSource], network: Network, stack: ExitStack, *, also_read: Sequence[Path]
) -> tuple[list[_Opened], list[Outcome]]:
    """Open all sources at the same time, and then their outputs; what became of those that cannot be opened.

    Raises UserError where an option is wrong for one of them, or none can be opened.
    """

    kinds = {each.kind for each in named}

    def open_one(each: NamedSource) -> Source | SourceError:
        try:
            options = fitting(settings.source, each.kind, kinds)
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
        opened_sinks = open_sinks(own, answer.info, is_picture_job=False, also_read=also_read)
        sinks: list[Sink] = [InBackground(sink) for sink in opened_sinks]
        encoded = stack.enter_context(closing(SharedStream(lossless=not answer.info.live)))
        recorder = opened_recorder(settings, answer.info, network, encoded, label=each.label)
        sinks += [recorder] if recorder is not None else []
        opened.append(_Opened(each.label, answer, sinks))
    if not opened:
        raise next(answer for answer in answers if isinstance(answer, SourceError))
    return opened, failed

"""One run from its first frame to its last: pipeline in, labels and paint, sinks and screen out."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from deeplab_cv.errors import PassedOverError, SinkError
from deeplab_cv.frames.frame import Frame, Painted, Scored
from deeplab_cv.frames.pace import Pace
from deeplab_cv.jobs.pipeline import Pipeline, StreamOrOpener
from deeplab_cv.overlay.painting import painted_frame
from deeplab_cv.overlay.view import View
from deeplab_cv.segmentation.labels import labels_of
from deeplab_cv.segmentation.smoothing import ScoreSmoother
from deeplab_cv.sinks.sink import Patient, Sink, Written
from deeplab_cv.sources.source import Source

_log = logging.getLogger(__name__)

_TAKE_S = 0.05
_TAKE_WITH_SCREEN_S = 0.005


class UserQuit(Exception):  # noqa: N818 - an ending, not an error
    """The user closed the screen or asked it to quit."""


class Screen(Protocol):
    """Where a run shows itself, and from where it is controlled: a window, or a page in a browser."""

    @property
    def view(self) -> View:
        """How frames are to be painted now."""
        ...

    @property
    def waits(self) -> bool:
        """Paused: no further frame is wanted now."""
        ...

    def attend(self, pipeline: Pipeline) -> None:
        """Do what was asked for; called again and again, also while no frame comes. Raises UserQuit."""
        ...

    def rest(self) -> bool:
        """Let a moment pass before the next frame's time has come; False when something was asked for meanwhile."""
        ...

    def show(self, scored: Scored, painted: Painted, pipeline: Pipeline) -> None:
        """Put a new frame on the screen."""
        ...

    def pass_over(self, frame: Frame) -> None:
        """A frame goes by without scores, since nobody looks at it."""
        ...

    def close(self) -> Written | None:
        """The run is over; returns what was recorded, None where nothing was. Raises SinkError."""
        ...


@dataclass(frozen=True)
class Job:
    """What a run consists of.

    Attributes:
        source: where frames come from.
        stream: network and engine, ready; or what makes them so while the screen already shows the source's frames.
        sinks: where painted frames go, the screen apart.
        view: how frames are painted where there is no screen to change it.
        screen: where the run shows itself; None for one that only writes.
    """

    source: Source
    stream: StreamOrOpener
    sinks: Sequence[Sink]
    view: View
    screen: Screen | None = None


def _ignore(*_: object) -> None:
    """Nobody listens."""


def run_job(
    job: Job,
    *,
    stop: threading.Event,
    progress: Callable[[], None] = _ignore,
    written: Callable[[Written], None] = _ignore,
) -> int:
    """Run to one of the endings: the source ends, somebody stops it, or source, engine or sink fails.

    Runs in any thread; with a window in the main one, as windows demand.

    Args:
        job: what is run.
        stop: ends the run when it is set, by whomever. What a live job wrote until then is whole; that of a file job
            is kept as a part.
        progress: called after each frame.
        written: called at the end with what each sink leaves behind, also where the run fails.

    Returns:
        The number of frames that every sink and the screen were given, or that went by while nobody looked.

    Raises:
        SourceError, EngineError, SinkError: the run failed; sinks have kept what was done.
    """
    with _hurried_once_stopped(job.sinks, stop):
        try:
            frames, ended = _frames_through(job, stop, progress)
        except BaseException as error:
            # What holds of all pictures that can be read is whole.
            for other in _close(job, written, whole=isinstance(error, PassedOverError)):
                _log.warning("%s", other)
            raise error
        if not ended:
            _hurry(job.sinks)
        errors = _close(job, written, whole=ended or job.source.info.live)
    for other in errors[1:]:
        _log.warning("%s", other)
    if errors:
        raise errors[0]
    return frames


def _frames_through(job: Job, stop: threading.Event, progress: Callable[[], None]) -> tuple[int, bool]:
    """Every frame from the pipeline to the sinks and the screen, in order; how many, and whether the source ended."""
    frames = 0
    smoother = ScoreSmoother()
    pace = Pace()
    screen = job.screen
    with Pipeline(job.source, job.stream) as pipeline, _told_at_the_end(job.source, pipeline):
        while True:
            if stop.is_set():
                return frames, False
            if screen is not None:
                try:
                    screen.attend(pipeline)
                except UserQuit:
                    return frames, False
                if screen.waits:
                    pace.reset()
                    continue
            # Behind the pause: in one the last frame stays on the screen, and from there one may seek.
            if pipeline.ended:
                break
            taken = pipeline.take(_TAKE_WITH_SCREEN_S if screen else _TAKE_S)
            if taken is None:
                continue
            plays = screen is not None and not job.sinks and not job.source.info.live
            if isinstance(taken, Frame):
                if screen is not None:
                    if plays:
                        _wait_for(taken, pace, screen.rest)
                    screen.pass_over(taken)
                frames += 1
                progress()
                continue
            view = screen.view if screen is not None else job.view
            scored = smoother.smoothed(taken, view.smooth)
            painted = painted_frame(scored, labels_of(scored), view)
            for sink in job.sinks:
                sink.write(painted)
            if screen is not None:
                if plays:
                    _wait_for(scored.frame, pace, screen.rest)
                screen.show(scored, painted, pipeline)
            frames += 1
            progress()
        if not job.source.info.live and not pipeline.seeks and frames != pipeline.frames_read:
            count = f"{pipeline.frames_read} frames were read but {frames} written"
            raise SinkError(count, job.source.info.name, "please report this")
    return frames, True


@contextmanager
def _told_at_the_end(source: Source, pipeline: Pipeline) -> Iterator[None]:
    """Say what became of a live source: how often it was gone, and how many of its frames nobody saw."""
    try:
        yield
    finally:
        dropped = pipeline.frames_dropped
        drops = f"{dropped} of {pipeline.frames_read} frames dropped" if dropped else ""
        facts = [pipeline.source_state.history, drops]
        if source.info.live and any(facts):
            _log.info("%s: %s", source.info.name, ", ".join(filter(None, facts)))


def _wait_for(frame: Frame, pace: Pace, rest: Callable[[], bool]) -> None:
    """Rest until a file's frame is due, in turns of `rest`."""
    due_at = pace.due_at(frame, time.monotonic())
    while time.monotonic() < due_at and rest():
        pass


def _close(job: Job, written: Callable[[Written], None], *, whole: bool) -> list[Exception]:
    """End the screen and every sink, whatever becomes of the others; returns what failed, in order.

    Sinks end at the same time, since each may wait for somebody who does not answer.
    """
    errors: list[Exception] = []
    with ThreadPoolExecutor(len(job.sinks) or 1) as threads:
        endings = [threads.submit(sink.finish if whole else sink.abandon) for sink in job.sinks]
        closers: list[Callable[[], Written | None]] = [job.screen.close] if job.screen is not None else []
        closers += [ending.result for ending in endings]
        for close in closers:
            try:
                if output := close():
                    written(output)
            except Exception as error:
                errors.append(error)
    return errors


@contextmanager
def _hurried_once_stopped(sinks: Sequence[Sink], stop: threading.Event) -> Iterator[None]:
    """See that no sink waits for anything once the run is stopped: its own thread may be the one that waits."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(_TAKE_S):
            if stop.is_set():
                _hurry(sinks)
                return

    thread = threading.Thread(target=look, name="stop", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _hurry(sinks: Sequence[Sink]) -> None:
    for sink in sinks:
        if isinstance(sink, Patient):
            sink.hurry()

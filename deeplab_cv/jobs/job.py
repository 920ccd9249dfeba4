"""One run from its first frame to its last: pipeline in, labels and paint, sinks and window out."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deeplab_cv.errors import SinkError, UserError
from deeplab_cv.jobs.pipeline import Pipeline
from deeplab_cv.machine import interrupts
from deeplab_cv.overlay.painting import painted_frame
from deeplab_cv.overlay.view import View
from deeplab_cv.segmentation.labels import labels_of
from deeplab_cv.segmentation.smoothing import ScoreSmoother
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sinks import Sink, Written, in_words
from deeplab_cv.sources import Source

if TYPE_CHECKING:
    from deeplab_cv.viewer.desk import Desk

_TAKE_S = 0.05
_TAKE_WITH_WINDOW_S = 0.005
_LATE_S = 0.25


@dataclass(frozen=True)
class Job:
    """What a run consists of.

    Attributes:
        source: where frames come from.
        stream: network and engine, ready.
        sinks: where painted frames go, the window apart.
        desk: the window and its keys, None without one.
        view: how frames are painted where there is no window to change it.
        progress: told of every frame written.
        say: takes one line for the user.
    """

    source: Source
    stream: Stream
    sinks: Sequence[Sink]
    desk: "Desk | None"
    view: View
    progress: Callable[[], None]
    say: Callable[[str], None]


def run_job(job: Job) -> int:
    """Run to one of the five endings; returns the number of frames written.

    Raises:
        SourceError, EngineError, SinkError: the run failed; sinks have kept what was done.
        KeyboardInterrupt: Ctrl-C or a request to terminate; sinks have kept what was done.
    """
    with interrupts.noted() as interrupted:
        try:
            written = _frames_through(job, interrupted)
        except UserQuit:
            # Stopping is how a live job ends; a file job that is stopped is not whole.
            _close(job, whole=job.source.info.live)
            written = 0
        except BaseException:
            _close(job, whole=False)
            raise
        else:
            _close(job, whole=True)
    if interrupted.is_set():
        raise KeyboardInterrupt
    return written


def _frames_through(job: Job, interrupted: threading.Event) -> int:
    """Every frame from the pipeline to the sinks and the window, in order."""
    written = 0
    smoother = ScoreSmoother(job.view.smooth)
    made_by = ""
    clock = _Clock()
    with Pipeline(job.source, job.stream) as pipeline:
        while not pipeline.ended:
            if interrupted.is_set():
                raise UserQuit
            if job.desk is not None:
                job.desk.attend(pipeline)
                if job.desk.waits:
                    clock.reset()
                    continue
            scored = pipeline.take(_TAKE_WITH_WINDOW_S if job.desk else _TAKE_S)
            if scored is None:
                continue
            if scored.made_by != made_by:
                # Another network's scores are not to be averaged with these.
                smoother.reset()
                made_by = scored.made_by
            view = job.desk.view if job.desk is not None else job.view
            labels = labels_of(scored, smoother, view.smooth)
            painted = painted_frame(scored, labels, view)
            for sink in job.sinks:
                sink.write(painted)
            written += 1
            job.progress()
            if job.desk is not None:
                if not job.sinks and not job.source.info.live:
                    clock.wait_for(float(scored.frame.time_s), job.desk.rest)
                job.desk.show(scored, painted, pipeline)
        if not job.source.info.live and written != pipeline.frames_read:
            count = f"{pipeline.frames_read} frames were read but {written} written"
            raise SinkError(count, job.source.info.name, "please report this")
    return written


class _Clock:
    """Plays a file at its own pace: a frame is shown when its time has come."""

    def __init__(self) -> None:
        self._offset_s: float | None = None

    def reset(self) -> None:
        """Begin again with the next frame, after a pause."""
        self._offset_s = None

    def wait_for(self, time_s: float, rest: Callable[[], bool]) -> None:
        """Rest until a frame's time, in turns of `rest`; a run that is late falls behind instead of racing."""
        now = time.monotonic()
        if self._offset_s is None or now - (self._offset_s + time_s) > _LATE_S:
            self._offset_s = now - time_s
        while time.monotonic() < self._offset_s + time_s and rest():
            pass


def _close(job: Job, whole: bool) -> None:
    """End the window and every sink, whatever becomes of the others; the first error is raised at the end."""
    closers: list[Callable[[], Written | None]] = [job.desk.close] if job.desk is not None else []
    closers += [sink.finish if whole else sink.abandon for sink in job.sinks]
    errors = []
    for close in closers:
        try:
            if written := close():
                job.say(in_words(written))
        except UserError as error:
            errors.append(error)
    if errors:
        raise errors[0]


class UserQuit(Exception):  # noqa: N818 - an ending, not an error
    """The user closed the window or pressed the key that quits."""

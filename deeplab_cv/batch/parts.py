"""Long videos in parts: which ones, and how what was made of the parts becomes what one run would have made."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deeplab_cv.batch.tables import join_tables
from deeplab_cv.batch.work import Form, Plan
from deeplab_cv.frames.frame import Painted
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.preprocess import filled_area
from deeplab_cv.segmentation.propagation import Propagator
from deeplab_cv.sinks.joining import join_parts
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.sink import Sink, Written
from deeplab_cv.sources.cutting import Part, cut, frame_times_of, warmed_up
from deeplab_cv.sources.video import VideoSource

_FORGOTTEN = 1e-4
"""The weight at which earlier scores no longer decide a label."""


class FromFrame:
    """A sink that hands on frames from a number on: those before only warm up what is remembered."""

    def __init__(self, sink: Sink, first: int) -> None:
        self._sink = sink
        self._first = first
        self.needs_picture = sink.needs_picture

    def write(self, painted: Painted) -> None:
        """Take one frame. Raises SinkError."""
        if painted.frame.index >= self._first:
            self._sink.write(painted)

    def finish(self) -> Written:
        """Make the output whole. Raises SinkError."""
        return self._sink.finish()

    def abandon(self) -> Written | None:
        """Keep what is usable."""
        return self._sink.abandon()


def parts_of(file: Path, plan: Plan, engines: NetworkEngines, beat: Callable[[], None]) -> list[Part]:
    """The parts that a long video is to be worked on in; none where it is short or cannot be cut exactly.

    Args:
        file: the video.
        plan: of the job.
        engines: the network's.
        beat: called again and again.

    Raises:
        SourceError: it cannot be read.
    """
    frame_times = frame_times_of(file, beat)
    parts = [] if frame_times is None else cut(frame_times, plan.part_s)
    if frame_times is None or len(parts) < 2:
        return []
    smooth = plan.labels.smooth
    frames = math.ceil(math.log(_FORGOTTEN) / math.log(smooth)) if smooth else 0
    begins = None if plan.pace == PaceOptions() else _inferred_frames(file, plan.pace, engines, beat)
    return warmed_up(frame_times, parts, frames=frames, begins=begins)


def _inferred_frames(file: Path, pace: PaceOptions, engines: NetworkEngines, beat: Callable[[], None]) -> list[int]:
    """The numbers of the frames that one run would infer: what is remembered begins anew at each of them.

    Which they are depends on all frames before. Finding out takes a look at every frame, and no inference.
    """
    propagator, facts = Propagator(pace), engines.network.card.input
    inferred = []
    with VideoSource(file) as source:
        while (frame := source.read()) is not None:
            input_size = engines.load(frame.size).input_size
            plan = propagator.plan(frame, input_size, filled_area(frame.size, input_size, facts))
            if plan.origin == "inferred":
                inferred.append(frame.index)
            beat()
    return inferred


def join_outputs(source: Path, files: Mapping[Form, Path], folders: Sequence[Path], beat: Callable[[], None]) -> None:
    """Make of the outputs of all parts those of the whole; may be done again where it was broken off.

    Args:
        source: the video.
        files: where each output of the whole is made; those of a part have the same names in its folder.
        folders: of the parts, in order.
        beat: called again and again.

    Raises:
        SinkError: they do not fit together, or cannot be written.
        SourceError: the video can no longer be read.
    """
    for form, file in files.items():
        parts = [folder / file.name for folder in folders]
        if form == "painted":
            with VideoSource(source) as opened:
                info = opened.info
            join_parts(file, parts, info, beat)
        elif form == "stats":
            join_tables(file, parts)
        else:
            _move_all(parts, file)


def _move_all(folders: Sequence[Path], target: Path) -> None:
    try:
        target.mkdir(exist_ok=True)
        for folder in folders:
            for file in folder.iterdir():
                file.replace(target / file.name)
    except OSError as error:
        raise cannot_write(target, error) from error

"""The program as a user starts it, in a process of its own, timed from within.

python -m deeplab_cv.bench.instruments.program REPORT.json KIND WORDS...

KIND is `plain`; `nothing`, which throws the painted pictures away; `live`, for a live stream; `stamped`, which gives a
file's frames at the file's own rate, with the time written into them; or `watched`, the same without a report, for runs
of hours, whose memory notes would fill. WORDS are those of app.py.
"""

import argparse
import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from deeplab_cv.bench.instruments.notes import Notes, mark
from deeplab_cv.bench.instruments.paced import PacedSource
from deeplab_cv.errors import UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.job import run_job
from deeplab_cv.machine import folders
from deeplab_cv.machine.memory import share_free_memory
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.settings import Settings, add_settings_arguments, load_settings
from deeplab_cv.sources.named import wanted_source
from deeplab_cv.sources.opening import open_source
from deeplab_cv.start import assembled

RunKind = Literal["plain", "nothing", "live", "stamped", "watched"]

_WARM_UP = 10
"""Frames at the beginning that are not counted, while queues and caches fill; half of a shorter run."""

_WARM_UP_LIVE = 30
"""The first pictures of a live stream have waited in the network while the engine was loaded."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run was like, without its first frames.

    Attributes:
        frames: frames counted.
        wall_s: seconds on the clock, until everything was written.
        processor_s: seconds of all cores together.
        dropped: frames of a live source, among those counted, that nobody saw; 0 for a file.
        engine: network's engine, device and precision by its own word.
        input_size: the network's, in pixels.
    """

    frames: int
    wall_s: float
    processor_s: float
    dropped: int
    engine: str
    input_size: Size


def run_program(settings: Settings, kind: RunKind) -> Run:
    """Run what the settings describe to its end, and note when each frame was done. Raises UserError."""
    source = _stamped_source(settings) if kind == "stamped" else None
    with assembled(settings, source=source) as job:
        stream = job.stream if isinstance(job.stream, Stream) else job.stream()
        loaded = stream.engines.load(job.source.info.size)
        to_nothing = kind == "nothing"
        notes = Notes(paints=to_nothing)
        sinks = [notes] if to_nothing else [*job.sinks, notes]
        run_job(replace(job, stream=stream, sinks=sinks), stop=threading.Event())
    end = mark()
    pictures = len(notes.marks) - 1
    first = min(_WARM_UP_LIVE if kind == "live" else _WARM_UP, pictures // 2)
    begin, last = notes.marks[first], notes.marks[-1]
    frames = pictures - first
    dropped = last.index - begin.index - frames
    wall_s, processor_s = end.wall_s - begin.wall_s, end.processor_s - begin.processor_s
    return Run(
        frames=frames,
        wall_s=wall_s,
        processor_s=processor_s,
        dropped=dropped,
        engine=loaded.name,
        input_size=loaded.input_size,
    )


def run_watched(settings: Settings) -> None:
    """Run what the settings describe, stamped, for as long as somebody watches. Raises UserError."""
    with assembled(settings, source=_stamped_source(settings)) as job:
        run_job(job, stop=threading.Event())


def _stamped_source(settings: Settings) -> PacedSource:
    named = wanted_source(settings.source)
    return PacedSource(open_source(named.text, settings.source, named.kind))


def main(words: Sequence[str]) -> None:
    """Run the program and write the report. Raises UserError."""
    share_free_memory()
    report, wanted, *rest = words
    kind = next((kind for kind in get_args(RunKind) if kind == wanted), None)
    if kind is None:
        raise UsageError("no such kind of run", wanted, f"one of {', '.join(get_args(RunKind))}")
    parser = argparse.ArgumentParser()
    add_settings_arguments(parser)
    settings = load_settings(parser.parse_args(rest), folders.config_file()).settings
    if kind == "watched":
        run_watched(settings)
        return
    run = run_program(settings, kind)
    Path(report).write_text(json.dumps(asdict(run)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

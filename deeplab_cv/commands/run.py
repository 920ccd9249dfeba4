"""Segments a camera, a video or pictures: people, dogs and sheep are painted, in a window and into files.

app.py 0                                     the first camera
app.py in.mp4 --out out.mp4                  a video, painted into another one
app.py 'pictures/*.jpg' --masks masks/       pictures
app.py --demo                                the clip that comes with the program
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from deeplab_cv.cli import COMMANDS, what_was_meant
from deeplab_cv.errors import UsageError, UserError, as_typed, nearest
from deeplab_cv.machine import folders, interrupts
from deeplab_cv.machine.program import program
from deeplab_cv.settings import Settings, add_settings_arguments, load_settings

_log = logging.getLogger(__name__)

_FIRST_WORDS = """{0} segments live video: people, dogs, sheep and eighteen more classes. What to type first:
  {0} --demo                  the clip that comes with the program
  {0} 0                       the first camera
  {0} in.mp4 --out out.mp4    a video, painted into another one
  {0} --help                  all commands and flags"""
"""For who types the program's name alone."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings' flags, and what is asked instead of a run."""
    parser.add_argument(
        "source",
        nargs="*",
        metavar="SOURCE",
        help="a video or picture file, a folder of pictures, a camera's number or a live stream's URL; videos, cameras "
        "and streams may be several",
    )
    parser.add_argument("--list-cameras", action="store_true", help="print the cameras of this machine and exit")
    add_settings_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run one job from its settings; returns the exit code."""
    if args.list_cameras:
        return _print_cameras()
    _take_source(args)
    config = args.config or folders.config_file()
    loaded = load_settings(args, config)
    if args.alone and loaded.settings.source.names_none:
        print(_FIRST_WORDS.format(program()), file=sys.stderr)
        return UsageError.exit_code

    from deeplab_cv.machine.memory import share_free_memory
    from deeplab_cv.settings_in_use import settings_in_use
    from deeplab_cv.sources.named import wanted_sources

    share_free_memory()
    settings = settings_in_use(loaded)
    if len(wanted_sources(settings.source)) > 1:
        return _run_several(settings, config)

    from deeplab_cv.jobs.job import run_job
    from deeplab_cv.progress import JobProgress, slow_lines
    from deeplab_cv.sinks.sink import Written, in_words
    from deeplab_cv.start import assembled

    def say(written: Written) -> None:
        _log.info("%s", in_words(written))

    with assembled(settings, folder=Path.cwd(), settings_file=config, report=slow_lines()) as job:
        bar = JobProgress(job.source.info.frame_count, visible=job.screen is None)
        with bar, interrupts.noted() as stop:
            run_job(job, stop=stop, progress=bar.advance, written=say)
    if stop.is_set():
        raise KeyboardInterrupt
    return 0


def _run_several(settings: Settings, config: Path | None) -> int:
    """Run all the sources that are named at once; returns the exit code."""
    from deeplab_cv.jobs.several import Outcome, run_jobs
    from deeplab_cv.progress import JobProgress, slow_lines
    from deeplab_cv.sinks.sink import in_words
    from deeplab_cv.start_several import assembled_several

    def say(outcome: Outcome) -> None:
        for written in outcome.written:
            _log.info("%s: %s", outcome.label, in_words(written))
        if outcome.error is not None:
            _log.error("error: %s: %s", outcome.label, outcome.error)
        elif not outcome.written:
            _log.info("%s: %d frames", outcome.label, outcome.frames)

    folder = Path.cwd()
    with assembled_several(settings, folder=folder, settings_file=config, report=slow_lines()) as several:
        for outcome in several.failed:
            say(outcome)
        bar = JobProgress(several.frame_count, visible=several.overview is None)
        with bar, interrupts.noted() as stop:
            outcomes = run_jobs(several.jobs, stop=stop, overview=several.overview, progress=bar.advance, over=say)
    errors = [outcome.error for outcome in [*several.failed, *outcomes] if outcome.error is not None]
    for error in errors:
        if not isinstance(error, UserError):
            raise error
    if errors:
        return UserError.exit_code
    if stop.is_set():
        raise KeyboardInterrupt
    return 0


def _take_source(args: argparse.Namespace) -> None:
    """Put words without a flag where their flags would put them. Raises UsageError where one names nothing."""
    from deeplab_cv.sources.naming import is_anything, kind_of

    if not args.source:
        return
    for word in args.source:
        if not is_anything(word):
            _refuse(word, args.source)
    kinds = [kind_of(word) for word in args.source]
    if kinds == ["image"] and args.image is None:
        (args.image,) = args.source
        return
    if "image" in kinds:
        others = [*map(as_typed, args.source), *([] if args.image is None else ["--image"])]
        remedy = "pictures go alone; several of them are a folder or '*.jpg' in quotes"
        raise UsageError(f"{len(others)} sources are named", " ".join(others[:2]), remedy)
    if kinds == ["pattern"]:
        args.pattern = 1 + (args.pattern or 0)
    elif kinds == ["camera"]:
        args.camera = [*args.source, *(args.camera or [])]
    else:
        # A camera and the test pattern are understood there too, so that the order stays the user's.
        args.video = [*args.source, *(args.video or [])]


def _refuse(word: str, words: Sequence[str]) -> None:
    """Raises UsageError, which says what may have been meant by a word that names nothing."""
    together = " ".join(words)
    if Path(together).exists():
        remedy = f"a name with spaces stands in quotes: {as_typed(together)}"
        raise UsageError("no such file or command", as_typed(word), remedy)
    if word in COMMANDS:
        raise UsageError("a command stands first", word, f"{program()} {word} ...")
    beside = [str(path) for path in sorted(_siblings(word))]
    a_path = bool(Path(word).suffix) or len(Path(word).parts) > 1
    near = nearest(word, beside)
    a_file = f"did you mean {as_typed(near)}?" if near is not None else ""
    meant = a_file if a_path else what_was_meant(word) or a_file
    otherwise = "check the name and the folder you are in" if a_path else f"see {program()} --help"
    raise UsageError("no such file or command", as_typed(word), meant or otherwise)


def _siblings(word: str) -> Sequence[Path]:
    """What lies in the folder that a word names a file of."""
    try:
        return [path for path in Path(word).parent.iterdir() if not path.name.startswith(".")]
    except OSError:
        return []


def _print_cameras() -> int:
    from deeplab_cv.sources.camera_names import list_cameras

    cameras = list_cameras()
    for camera in cameras:
        print(f"{camera.index}  {camera.path}  {camera.name}")
    if not cameras:
        print("no cameras found; try --pattern, the moving test pattern")
    return 0

"""Segments a camera, a video or pictures: people, dogs and sheep are painted, in a window and into files.

app.py --camera 0
app.py --video in.mp4 --out out.mp4
app.py --image 'pictures/*.jpg' --masks masks/
app.py --demo
"""

import argparse
import logging
import sys
from pathlib import Path

from deeplab_cv.errors import UsageError
from deeplab_cv.machine import folders, interrupts
from deeplab_cv.settings import add_settings_arguments, load_settings

_log = logging.getLogger(__name__)

_FIRST_WORDS = """{0} segments live video: people, dogs, sheep and eighteen more classes. What to type first:
  {0} --demo                         the clip that comes with the program
  {0} --camera 0                     the first camera
  {0} --video in.mp4 --out out.mp4   a video, painted into another one
  {0} --help                         all commands and flags"""
"""For who types the program's name alone."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings' flags, and what is asked instead of a run."""
    parser.add_argument("--list-cameras", action="store_true", help="print the cameras of this machine and exit")
    add_settings_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run one job from its settings; returns the exit code."""
    if args.list_cameras:
        return _print_cameras()
    settings = load_settings(args, folders.config_file()).settings
    if args.alone and settings.source.names_none:
        print(_FIRST_WORDS.format(args.program), file=sys.stderr)
        return UsageError.exit_code

    from deeplab_cv.jobs.job import run_job
    from deeplab_cv.sinks.progress import Progress
    from deeplab_cv.sinks.sink import Written, in_words
    from deeplab_cv.start import assembled

    def say(written: Written) -> None:
        _log.info("%s", in_words(written))

    with assembled(settings, folder=Path.cwd()) as job:
        bar = Progress(job.source.info.frame_count, visible=job.screen is None)
        with bar, interrupts.noted() as stop:
            run_job(job, stop=stop, progress=bar.advance, written=say)
    if stop.is_set():
        raise KeyboardInterrupt
    return 0


def _print_cameras() -> int:
    from deeplab_cv.sources.camera import list_cameras

    cameras = list_cameras()
    for camera in cameras:
        print(f"{camera.index}  {camera.path}  {camera.name}")
    if not cameras:
        print("no cameras found; try --pattern, the moving test pattern")
    return 0

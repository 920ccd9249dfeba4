"""Segment many pictures and videos into a folder; the same command again goes on where it was.

INPUT is a file, a folder with all below it, a glob in quotes, or a list of files (.txt, .csv, .parquet). Outputs lie
in DIR/painted, DIR/masks and DIR/stats under the names that the inputs have below their folder. A bad file is a row of
DIR/failures.csv and stops nothing. The exit code is 0 where all files are whole, 3 where some failed.

examples:
  app.py batch pictures/ clips/ --to out/
  app.py batch 'archive/**/*.mp4' --to out/ --stats
  app.py batch files.csv --to out/ --masks --stats --retry-failed
"""

import argparse
import json
import logging

from deeplab_cv.errors import UsageError
from deeplab_cv.machine import folders, interrupts
from deeplab_cv.settings import add_settings_arguments, load_settings

EXIT_SOME_FAILED = 3

_NOT_HERE = ("target_fps", "legend", "line", "out", "masks", "stats", "stats_form", "headless")
"""Settings of one live run, and those that name a single output."""

_log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `batch`."""
    parser.add_argument("inputs", metavar="INPUT", nargs="+", help="file, folder, glob, or list (.txt, .csv, .parquet)")
    parser.add_argument("--to", metavar="DIR", required=True, help="folder for outputs, failures.csv and summary.json")
    parser.add_argument(
        "--paint-files", action="store_true", help="painted pictures and videos; so without any of three"
    )
    parser.add_argument("--masks", action="store_true", help="one 8-bit index PNG per frame, in VOC colours")
    parser.add_argument("--stats", action="store_true", help="Parquet: file, frame, time, class, share")
    parser.add_argument(
        "--part",
        metavar="SECONDS",
        type=float,
        default=120.0,
        help="cut longer videos into such parts (default: 120)",
    )
    parser.add_argument("--again", action="store_true", help="do everything anew")
    parser.add_argument("--retry-failed", action="store_true", help="try the files that failed once more")
    parser.add_argument("--workers", metavar="N", type=int, help="processes; without it as many as there is room for")
    parser.add_argument(
        "--patience",
        metavar="SECONDS",
        type=float,
        default=120.0,
        help="a worker silent for longer is ended (default: 120)",
    )
    parser.add_argument(
        "--ray", metavar="ADDRESS", nargs="?", const="", help="work on Ray, of this machine or at ADDRESS"
    )
    parser.add_argument(
        "--ray-resources", metavar="cpus=N,gpus=N", default="", help="what each of Ray's actors takes (default: cpus=1)"
    )
    add_settings_arguments(parser, only=("network", "engine", "pace", "labels", "picture", "output"), without=_NOT_HERE)


def run(args: argparse.Namespace) -> int:
    """Work on every file, and say what is left."""
    if args.ray is None and args.ray_resources:
        raise UsageError("this is for actors of Ray", f"--ray-resources {args.ray_resources}", "add --ray")
    if not (args.part == 0 or args.part >= 1):
        raise UsageError("parts are at least a second long", f"--part {args.part:g}", "give 1 or more, or 0 for none")
    forms = {"painted": args.paint_files, "masks": args.masks, "stats": args.stats}
    # Here they say what is wanted, not where it goes.
    args.masks = args.stats = None
    settings = load_settings(args, folders.config_file()).settings

    from deeplab_cv.batch.job import BatchJob
    from deeplab_cv.batch.on_ray import parse_resources
    from deeplab_cv.batch.planning import make_plan
    from deeplab_cv.batch.run_options import OnRay, RunOptions
    from deeplab_cv.batch.work import FORMS
    from deeplab_cv.progress import JobProgress

    plan = make_plan(
        args.to,
        forms=tuple(form for form in FORMS if forms[form]),
        network=settings.network,
        engine=settings.engine,
        pace=settings.pace,
        labels=settings.labels,
        picture=settings.picture,
        encoding=settings.output,
        # Parts of one video would have to reach the same disk.
        part_s=args.part if args.ray is None else 0.0,
    )
    options = RunOptions(
        again=args.again,
        retry_failed=args.retry_failed,
        workers=args.workers,
        patience_s=args.patience,
        ray=None if args.ray is None else OnRay(args.ray, parse_resources(args.ray_resources)),
    )
    with interrupts.noted() as stop, BatchJob(plan, args.inputs, options) as job:
        if job.to_do < job.total:
            _log.info("%d of %d files are done already", job.total - job.to_do, job.total)
        with JobProgress(job.to_do, unit="files") as bar:
            for record in job.run(stop):
                if record.failed:
                    _log.warning("failed: %s (%s): %s", record.input, record.stage, record.reason)
                bar.advance(f"{job.failed} failed" if record.failed else "")
        summary = job.summary
    if stop.is_set():
        _log.info("%d of %d files are whole; the same command goes on from here", summary["whole"], summary["files"])
        raise KeyboardInterrupt
    print(json.dumps(summary))
    return EXIT_SOME_FAILED if summary["failed"] else 0

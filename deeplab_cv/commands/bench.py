"""Measure this machine: engines, stages, the whole program beside its floor, latency, starts, memory, labels, peers.

Everything is measured in turns (A B A B) and told as median (lowest..highest). PART is one or more of: engines, stages,
end-to-end, latency, start, memory, labels, peers, all; without one, all but peers, in about two minutes. Peers are
other ways to do the same, in benchmarks/peers of a clone. Leave the machine alone meanwhile.

examples:
  app.py bench
  app.py bench stages --sizes 720,1080
  app.py bench all --memory-frames 20000 --rounds 5 --json bench.json --plots docs/
  app.py bench peers --clip mine.mp4
"""

import argparse
from functools import partial
from pathlib import Path

from deeplab_cv.errors import UsageError, as_typed
from deeplab_cv.machine import folders, interrupts
from deeplab_cv.settings import add_settings_arguments, load_settings

PARTS = ("engines", "stages", "end-to-end", "latency", "start", "memory", "labels", "peers")
_TABLE_WIDTH = 150
_MODULES = {"start": "starting", "end-to-end": "end_to_end"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `bench`."""
    parser.add_argument(
        "parts", metavar="PART", nargs="*", help="what to measure; all but peers where nothing is named"
    )
    parser.add_argument("--clip", type=Path, metavar="FILE", help="video to measure on; the demo clip without it")
    parser.add_argument("--sizes", default="480,720,1080,2160", help="heights of frames in lines; default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each candidate; default %(default)s")
    parser.add_argument(
        "--memory-frames", type=int, default=1000, help="frames memory is watched for; default %(default)s"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures, with machine and versions")
    parser.add_argument("--plots", metavar="FOLDER", type=Path, help="write pictures of the figures (needs matplotlib)")
    add_settings_arguments(parser, only=("network", "engine"))


def run(args: argparse.Namespace) -> int:
    """Measure what is asked for and print it, part by part."""
    parts = _wanted_parts(args.parts)
    heights = _heights(args.sizes)
    if args.rounds < 1 or args.memory_frames < 300:
        wrong = f"--rounds {args.rounds} --memory-frames {args.memory_frames}"
        raise UsageError("too little to measure", wrong, "at least 1 round and 300 frames")
    for folder in filter(None, (args.plots, args.json and args.json.parent)):
        if not folder.is_dir():
            raise UsageError("there is no such folder", folder, "make it first: figures take minutes and go there")
    settings = load_settings(args, folders.config_file()).settings

    import importlib

    from deeplab_cv.bench import BenchPlan
    from deeplab_cv.bench.instruments.screen import virtual_screen
    from deeplab_cv.bench.plots import write_plots
    from deeplab_cv.bench.report import print_part, report_of, write_report
    from deeplab_cv.sources.video import VideoSource
    from deeplab_cv.terminal import wide_console
    from deeplab_cv.viewer.screen import opened_window

    clip = args.clip or folders.demo_clip()
    # Minutes may pass before the first measurement that reads it.
    VideoSource(clip).close()
    with interrupts.raised():
        console = wide_console(_TABLE_WIDTH)
        measured = []
        with virtual_screen() as screen:
            plan = BenchPlan(
                network=settings.network,
                engine=settings.engine,
                pace=settings.pace,
                picture=settings.picture,
                clip=clip,
                heights=heights,
                rounds=args.rounds,
                memory_frames=args.memory_frames,
                screen=screen,
                open_window=partial(opened_window, "deeplab-cv bench"),
            )
            for name in parts:
                part = importlib.import_module(f"deeplab_cv.bench.{_MODULES.get(name, name)}").measure(plan)
                print_part(console, part)
                measured.append(part)
        report = report_of(measured, plan)
        if args.json:
            write_report(args.json, report)
        if args.plots:
            for file in write_plots(args.plots, report):
                print(f"{as_typed(file)}: written")
        return 0


def _wanted_parts(words: list[str]) -> list[str]:
    wanted = set(words or PARTS[:-1])
    if "all" in wanted:
        wanted = set(PARTS)
    if unknown := sorted(wanted - set(PARTS)):
        raise UsageError("there is no such measurement", unknown[0], f"name some of {', '.join(PARTS)}, or all")
    return [part for part in PARTS if part in wanted]


def _heights(text: str) -> tuple[int, ...]:
    heights = text.replace(",", " ").split()
    if not heights or not all(word.isdecimal() and 16 <= int(word) <= 4320 and int(word) % 2 == 0 for word in heights):
        raise UsageError("sizes are heights in lines, even, 16 to 4320", f"--sizes {text}", "such as 480,720,1080,2160")
    return tuple(dict.fromkeys(int(word) for word in heights))

"""Kills runs and fills disks at random moments, then plays or reads what is left: benchmarks/crashes.py --tries 20.

Each run is a process of its own that writes noise through one sink. It is killed by SIGKILL once something is on the
disk, or writes to a disk of 3 MB until that is full, which only root can mount. The kind `recording` is a live picture
that is recorded as it comes: of that no more than the last second may be missing.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

ROOT = Path(__file__).parents[1]
KINDS = ("v.mp4", "v.mov", "v.mkv", "v.webm", "a.csv", "a.jsonl", "masks")
RECORDING = "recording"

_BEGUN = {"csv": 1, "jsonl": 1, "masks": 1}
_BEGUN_VIDEO = 200_000
"""Bytes after which a video has frames on the disk for certain: an encoder holds some back."""
_LATEST_S = 1.0
_LATEST_RECORDING_S = 6.0
_MAY_BE_MISSING_S = 1.0
_HANGS_S = 120.0


def write_for_ever(path: Path) -> None:
    """Write noise to a sink until the process is killed or the disk is full."""
    sys.path.insert(0, str(ROOT))
    from fractions import Fraction

    from deeplab_cv.classes import VOC_CLASSES
    from deeplab_cv.errors import SinkError
    from deeplab_cv.frames.frame import Frame, Painted, SourceInfo
    from deeplab_cv.frames.pixels import Pixels
    from deeplab_cv.frames.size import Size
    from deeplab_cv.sinks.masks import MaskSink
    from deeplab_cv.sinks.statistics import StatisticsSink
    from deeplab_cv.sinks.video import VideoSink

    tick, random_numbers = Fraction(1, 25), np.random.default_rng()
    info = SourceInfo(path.name, Size(160, 96), frame_rate=Fraction(25), frame_count=None, live=False, time_base=tick)
    if path.name == "masks":
        sink = MaskSink(path, None)
    else:
        sink = StatisticsSink(path) if path.suffix in (".csv", ".jsonl") else VideoSink(path, info)
    try:
        for number in range(1_000_000):
            image = random_numbers.integers(0, 255, (96, 160, 3), dtype=np.uint8)
            frame = Frame(Pixels(image=image), number, number, tick, 0.0)
            sink.write(Painted(frame, image[..., 0] % 21, Pixels(image=image), VOC_CLASSES))
    except SinkError as error:
        print(error, file=sys.stderr)
        sink.abandon()
        sys.exit(1)


def record_for_ever(folder: Path) -> None:
    """Record 25 pictures a second, and print the time of each in seconds, until the process is killed."""
    sys.path.insert(0, str(ROOT))
    from fractions import Fraction

    from deeplab_cv.classes import VOC_CLASSES
    from deeplab_cv.events.opening import open_recorder
    from deeplab_cv.events.options import EventOptions
    from deeplab_cv.frames.frame import Frame, Painted, SourceInfo
    from deeplab_cv.frames.pixels import Pixels
    from deeplab_cv.frames.size import Size
    from deeplab_cv.sinks.shared_stream import SharedStream

    size, tick = Size(320, 180), Fraction(1, 90_000)
    info = SourceInfo("noise", size, frame_rate=Fraction(25), frame_count=None, live=True, time_base=tick)
    recorder = open_recorder(EventOptions(record_to=str(folder)), info, VOC_CLASSES, SharedStream())
    random_numbers, labels = np.random.default_rng(), np.zeros(size.hw, np.uint8)
    begun = time.monotonic()
    for number in range(1_000_000):
        time.sleep(max(0.0, begun + number / 25 - time.monotonic()))
        image = random_numbers.integers(0, 255, (*size.hw, 3), dtype=np.uint8)
        now = time.monotonic()
        frame = Frame(Pixels(image=image), number, round((now - begun) / tick), tick, now)
        recorder.write(Painted(frame, labels, Pixels(image=image), VOC_CLASSES))
        print(now - begun, flush=True)


def killed_while_recording(folder: Path) -> str:
    """Kill a recording at a random moment; returns what is wrong with what it left, empty where nothing is."""
    command = [sys.executable, __file__, "--record", str(folder)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    first_s = float(run.stdout.readline())
    time.sleep(_MAY_BE_MISSING_S + random.uniform(0, _LATEST_RECORDING_S))
    run.send_signal(signal.SIGKILL)
    last_s = float(([str(first_s), *run.stdout.read().splitlines()])[-1])
    run.wait()
    sys.path.insert(0, str(ROOT))
    from deeplab_cv.events.records import kept_in, mend_records
    from deeplab_cv.sinks.leftovers import name_leftovers

    name_leftovers(folder)
    mend_records(folder)
    videos = [kept.video for kept in kept_in(folder)]
    if len(videos) != 1 or videos[0] is None:
        return f"{len(videos)} records, {len(list(folder.glob('*.mp4')))} videos"
    try:
        with av.open(str(videos[0])) as container:
            shown_s = first_s + max(float(frame.time) for frame in container.decode(video=0))
    except (ValueError, av.error.FFmpegError) as error:
        return str(error)
    print(f"killed after {last_s:.2f} s, {last_s - shown_s:.2f} s are missing", file=sys.stderr)
    return "" if last_s - shown_s <= _MAY_BE_MISSING_S else f"{last_s - shown_s:.2f} s are missing"


def killed(kind: str, folder: Path) -> str:
    """Kill a run at a random moment; returns what is wrong with what it left, empty where nothing is."""
    if kind == RECORDING:
        return killed_while_recording(folder)
    run = subprocess.Popen([sys.executable, __file__, "--write", str(folder / kind)])
    least, deadline = _BEGUN.get(kind.rpartition(".")[2], _BEGUN_VIDEO), time.monotonic() + _HANGS_S
    while sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < least:
        if time.monotonic() > deadline or run.poll() is not None:
            return "the run wrote nothing"
        time.sleep(0.01)
    time.sleep(random.uniform(0, _LATEST_S))
    run.send_signal(signal.SIGKILL)
    run.wait()
    sys.path.insert(0, str(ROOT))
    from deeplab_cv.sinks.leftovers import name_leftovers

    name_leftovers(folder)
    return wrong_with(folder)


def filled(kind: str, folder: Path) -> str:
    """Let a run fill a small disk; returns what is wrong with what it left, empty where nothing is."""
    size = f"size={random.randint(1500, 3000)}k"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    try:
        command = [sys.executable, __file__, "--write", str(folder / kind)]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_HANGS_S)
        if run.returncode != 1 or not run.stderr.startswith("the disk is full") or run.stderr.count("\n") != 1:
            return f"exit code {run.returncode}: {run.stderr[-200:]}"
        return wrong_with(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def wrong_with(folder: Path) -> str:
    """Why something in the folder does not play or cannot be read, or that there is nothing; else empty."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    if not files:
        return "nothing is left"
    return next(filter(None, map(_wrong_with_file, files)), "")


def _wrong_with_file(path: Path) -> str:
    try:
        if path.suffix == ".jsonl":
            rows = [json.loads(line) for line in path.read_text().splitlines()]
        elif path.suffix == ".csv":
            lines = path.read_text().splitlines()
            rows = [line for line in lines[1:] if line.count(",") == lines[0].count(",")]
            if len(rows) != len(lines) - 1:
                return f"{path.name}: a line is cut"
        else:
            with av.open(str(path)) as container:
                rows = list(container.decode(video=0))
    except (ValueError, av.error.FFmpegError) as error:
        return f"{path.name}: {error}"
    return "" if rows else f"{path.name}: empty"


def main() -> None:
    """Try each kind and print a table for docs/reliability.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=20, help="of each kind, for both faults")
    parser.add_argument("--kinds", nargs="+", choices=[*KINDS, RECORDING], default=[*KINDS, RECORDING])
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--record", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.write:
        write_for_ever(args.write)
    if args.record:
        record_for_ever(args.record)
    faults = {"kill -9": killed} | ({"full disk": filled} if os.name == "posix" and os.geteuid() == 0 else {})
    print("| fault | output | tries | held | failed |\n|---|---|---|---|---|")
    for fault, happens in faults.items():
        for kind in args.kinds:
            if kind == RECORDING and happens is filled:
                continue  # an event that cannot be written does not end a run: tests/events/test_tape.py
            reasons = []
            for _ in range(args.tries):
                with tempfile.TemporaryDirectory() as folder:
                    reasons.append(happens(kind, Path(folder)))
            failed = [reason for reason in reasons if reason]
            print(f"| {fault} | {kind} | {args.tries} | {args.tries - len(failed)} | {len(failed)} |", flush=True)
            for reason in failed:
                print(reason, file=sys.stderr)


if __name__ == "__main__":
    main()

"""Attacks the program with hostile and unlucky input, signals and faults, and counts what holds.

    python benchmarks/attack.py                           # all of it: a quarter of an hour on two free cores
    python benchmarks/attack.py --minutes 5               # as much of every kind as fits
    python benchmarks/attack.py --only picture --seed 7   # one kind, other inputs

Every input is made from its seed, so that a failure is seen again with `--only KIND --seed SEED --tries 1`. A try is
held where the command ends with 0, 1 or 2 (or what is right for its kind), with one line where it fails, and without a
traceback, a control character, a secret, a draft or a file outside its outputs. Most are run in one process, which is
begun anew where one dies or takes longer than two minutes. Killed runs and full disks are those of crashes.py, signals
those of interrupts.py. Linux and macOS; checkpoints need PyTorch.
"""

import argparse
import collections
import contextlib
import importlib.util
import json
import os
import queue
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import crashes, interrupts  # noqa: E402
from benchmarks.attacks import files, networks, places, words  # noqa: E402
from benchmarks.attacks.tries import Kind, wrong_with  # noqa: E402

IN_PROCESS: dict[str, tuple[Kind, int]] = {
    "setting": (words.setting, 220),
    "command line": (words.command_line, 250),
    "config.yaml": (words.yaml, 180),
    "name": (words.name, 200),
    "URL with a secret": (words.url, 200),
    "picture": (files.picture, 250),
    "video": (files.video, 220),
    "tag": (files.tag, 100),
    "data set": (files.data_set, 120),
    "card": (networks.card, 160),
    "golden scores": (networks.golden, 100),
    "network": (networks.network, 100),
    "checkpoint": (networks.checkpoint, 80),
    "cache": (places.cache, 80),
}
"""Each kind with how often it is tried."""

FAULTS = {"kill -9": 28, "full disk": 28, "SIGINT": 66, "SIGTERM": 44}
"""What each try needs a process for, likewise."""

_HANGS_S = 120.0
_MOST_MEMORY = 6 << 30
"""Bytes of addresses that a try may ask for, beside what is mapped when it begins."""


def main() -> None:
    """Try each kind, print a table, and end with 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, help="as much of every kind as fits; default: all of it")
    parser.add_argument("--share", type=float, default=1.0, help="of the tries; default %(default)s")
    parser.add_argument("--only", action="append", metavar="KIND", help="one kind; may be given again")
    parser.add_argument("--tries", type=int, help="of each kind in place of its own number")
    parser.add_argument("--seed", type=int, default=1, help="of the first try; default %(default)s")
    parser.add_argument("--worker", nargs=3, metavar=("KIND", "FROM", "COUNT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        kind, first, count = args.worker
        _work(kind, int(first), int(count))
        return
    numbers = {name: count for name, (_, count) in IN_PROCESS.items()} | FAULTS
    if os.name != "posix" or os.geteuid() != 0:
        # Only root can mount a small disk.
        del numbers["full disk"]
    if importlib.util.find_spec("torch") is None:
        del numbers["checkpoint"]
    if unknown := set(args.only or ()) - set(numbers):
        parser.error(f"no such kind: {', '.join(unknown)}; there are {', '.join(numbers)}")
    wanted = {name: args.tries or max(1, round(count * args.share)) for name, count in numbers.items()}
    wanted = {name: count for name, count in wanted.items() if not args.only or name in args.only}
    slice_s = 60 * args.minutes / len(wanted) if args.minutes else float("inf")
    begun_s = time.monotonic()
    print("| kind | tries | held | failed |\n|---|---|---|---|", flush=True)
    totals: collections.Counter[str] = collections.Counter()
    with _prepared():
        for name, count in wanted.items():
            outcomes = _in_process(name, args.seed, count) if name in IN_PROCESS else _fault(name, args.seed, count)
            tried = failed = 0
            deadline_s = time.monotonic() + slice_s
            with contextlib.closing(outcomes):
                for reason in outcomes:
                    tried += 1
                    if reason:
                        failed += 1
                        print(f"{name}, {reason}", file=sys.stderr, flush=True)
                    if time.monotonic() > deadline_s:
                        break
            totals.update(tried=tried, failed=failed)
            print(f"| {name} | {tried} | {tried - failed} | {failed} |", flush=True)
    failures = totals["failed"]
    print(f"| all | {totals['tried']} | {totals['tried'] - failures} | {failures} |")
    import cv2

    print(f"\nOpenCV {cv2.__version__}, {(time.monotonic() - begun_s) / 60:.0f} min")
    sys.exit(1 if failures else 0)


@contextlib.contextmanager
def _prepared() -> Iterator[None]:
    """The networks that tries use, and a cache in which their engine is chosen already."""
    from deeplab_cv.cli import main as run
    from tests.tiny_networks import tiny_network, tiny_onnx

    with tempfile.TemporaryDirectory(prefix="attack-") as name:
        folder = Path(name)
        for part in ("tiny", "plain", "tmp"):
            (folder / part).mkdir()
        os.environ["TMPDIR"] = str(folder / "tmp")
        tempfile.tempdir = None
        os.environ["ATTACK_NETWORK"] = str(tiny_network(folder / "tiny"))
        os.environ["ATTACK_PLAIN"] = str(tiny_onnx(folder / "plain", shape=(64, 64)))
        os.environ["ATTACK_CACHE"] = os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        (folder / "in.png").write_bytes(files.picture_bytes(random.Random(1), ".png"))
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
            words = ["--image", str(folder / "in.png"), "--headless", "--out", str(folder / "out.png")]
            if run([*words, "--model", os.environ["ATTACK_NETWORK"]]) != 0:
                sys.exit("the program does not even run as it should")
        yield


def _in_process(name: str, first: int, count: int) -> Iterator[str]:
    """What is wrong with each try, in order; whoever runs them is begun anew where it dies or hangs."""
    done = 0
    while done < count:
        command = [sys.executable, __file__, "--worker", name, str(first + done), str(count - done)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(process, lines), daemon=True).start()
        try:
            while done < count:
                try:
                    line = lines.get(timeout=_HANGS_S)
                except queue.Empty:
                    line = "hangs"
                if line.startswith("{"):
                    done += 1
                    yield json.loads(line)["wrong"]
                    continue
                done += 1
                yield f"seed {first + done - 1}: {line or f'the process ended with {process.wait()}'}"
                break
        finally:
            # With its children: a try may have one of its own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _read(process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put("")


def _work(name: str, first: int, count: int) -> None:
    """Run tries in this process and report each on a line."""
    from deeplab_cv.machine.standard_error import take_own_number

    kind = IN_PROCESS[name][0]
    reports = os.fdopen(os.dup(1), "w")
    take_own_number()
    cache = os.environ["XDG_CACHE_HOME"]
    for seed in range(first, first + count):
        os.environ["XDG_CACHE_HOME"] = cache
        reason = wrong_with(kind, seed)
        if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > _MOST_MEMORY:
            reason = f"{reason}; more than {_MOST_MEMORY >> 30} GB"
        print(json.dumps({"wrong": f"seed {seed}: {reason}" if reason else ""}), file=reports, flush=True)
    reports.flush()
    os._exit(0)


def _fault(name: str, first: int, count: int) -> Iterator[str]:
    """What is wrong with each try of a fault that a process of its own is needed for."""
    numbers = random.Random(first)
    happens: dict[str, Callable[[str, Path], str]] = {"kill -9": crashes.killed, "full disk": crashes.filled}
    commands = list(interrupts.COMMANDS)
    for index in range(count):
        if name in happens:
            kind = crashes.KINDS[index % len(crashes.KINDS)]
            with tempfile.TemporaryDirectory() as folder:
                reason = happens[name](kind, Path(folder))
            yield f"{kind}: {reason}" if reason else ""
            continue
        command = commands[index % len(commands)]
        after_s = numbers.uniform(0.3, 4.0)
        reason = interrupts.tried(interrupts.COMMANDS[command].split(), signal.Signals[name], after_s)
        yield "" if reason in ("", *interrupts.OUTCOMES[:3]) else f"{command} after {after_s:.3f} s: {reason}"


if __name__ == "__main__":
    main()

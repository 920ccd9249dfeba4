"""Sends SIGINT and SIGTERM at random moments of the first seconds of commands, and counts how they end.

A try is held where the exit code is 130 (or the signal's own, before the program's first line), stderr has no traceback
and no file is left but a whole or .partial output. Python itself ends with 1 and a traceback of its own while it
imports `site`, before any line of the program. 300 tries take about half an hour.

    python benchmarks/interrupts.py --tries 300 --within 3
"""

import argparse
import collections
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
NETWORK = ROOT / "models" / "deeplabv3_lite.onnx"
PICTURE = ROOT / "docs" / "demo.png"
OUTCOMES = ("held", "ended before", "Python's own start", "failed")
COMMANDS = {
    "run --pattern --stats": "run --pattern --stats area.csv --headless",
    "run --image": f"run --image {PICTURE} --out out.png --headless",
    "models": "models",
    "doctor": "doctor",
    "config": "config",
    "quantise": f"quantise {NETWORK} --calibrate {PICTURE.parent}",
    "evaluate": f"evaluate {NETWORK} --video {ROOT / 'samples' / 'demo.mp4'}",
    "verify": f"verify {NETWORK}",
    "optimise": f"optimise {NETWORK}",
    "repair": f"repair {NETWORK} --out mended.onnx --classes voc --mean 0,0,0 --std 1,1,1 --order rgb --size 512x288",
    "bench": "bench stages",
}
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Try as often as asked and print a row for each command and signal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=300, help="of each signal, over all commands; default %(default)s")
    parser.add_argument("--within", type=float, default=3.0, metavar="SECONDS", help="default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default %(default)s")
    args = parser.parse_args()
    moments = random.Random(args.seed)
    counts: collections.Counter[tuple[str, str, str]] = collections.Counter()
    for index in range(args.tries):
        name = list(COMMANDS)[index % len(COMMANDS)]
        for number in SIGNALS:
            after_s = moments.uniform(0, args.within)
            fault = tried(COMMANDS[name].split(), number, after_s)
            outcome = fault if fault in OUTCOMES else "failed" if fault else "held"
            counts[name, number.name, outcome] += 1
            if outcome == "failed":
                print(f"{name}, {number.name} after {after_s:.3f} s: {fault}", flush=True)
    table = Table("command", "signal", "tries", *OUTCOMES)
    for name in COMMANDS:
        for number in SIGNALS:
            row = [counts[name, number.name, outcome] for outcome in OUTCOMES]
            table.add_row(name, number.name, str(sum(row)), *map(str, row))
    Console().print(table)


def tried(words: list[str], number: signal.Signals, after_s: float) -> str:
    """Start a command, send it a signal, and see how it ends: empty where it is held, else what is wrong."""
    with tempfile.TemporaryDirectory() as name:
        work, errors = Path(name) / "work", Path(name) / "errors"
        work.mkdir()
        folders = {"XDG_CACHE_HOME": str(Path(name) / "cache"), "TMPDIR": str(_made(Path(name) / "tmp"))}
        with errors.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "app.py"), *words],
                cwd=work,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                preexec_fn=_listen,
                env=os.environ | folders,
            )
            time.sleep(after_s)
            if process.poll() is not None:
                return "ended before"
            process.send_signal(number)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return "still there after 30 s"
        said = errors.read_text(errors="replace")
        left = [path.name for path in work.rglob("*") if ".partial" not in path.name]
        # ONNX Runtime writes .ses there at every start, whoever imports it.
        left += [path.name for path in (Path(name) / "tmp").iterdir() if path.name != ".ses"]
        left += [path.name for path in (Path(name) / "cache").rglob("*unfinished*")]
        if process.returncode == 0 and not said.count("stopped by"):
            return "ended before"
        if "init_import_site" in said:
            return "Python's own start"
        if process.returncode not in (130, -number):
            return f"exit code {process.returncode}: {said[-300:]}"
        if "Traceback" in said:
            return f"traceback, exit code {process.returncode}: {said[-600:]}"
        return f"left {left}" if left else ""


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _listen() -> None:
    # A shell's background jobs begin with Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)


if __name__ == "__main__":
    main()

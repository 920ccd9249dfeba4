"""Whether several live sources get the same share of one set of engines, beside one of them alone.

python benchmarks/several.py [--sources 4] [--seconds 30] [--rounds 3]

The demo clip at 720p and 30 pictures a second is served on loopback as a network camera serves it, once for each
source, and app.py segments all of them at once into figures (`--stats`). One source alone and all of them are run in
turns. A source's rate is that of its frames without the first five seconds. Prints the row of docs/live.md.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.bench.instruments.serving import served
from deeplab_cv.machine.folders import demo_clip

APP = Path(__file__).parents[1] / "app.py"
WARM_UP_S = 5.0


def run(count: int, seconds: float) -> list[float]:
    """The rate of each of so many sources, in frames a second."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [served(demo_clip(), seconds + 120) for _ in range(count)]
        with ThreadPoolExecutor(count) as threads:
            urls = list(threads.map(stack.enter_context, servers))
        words = [word for url in urls for word in ("--video", url)]
        stats = ("--headless", "--stats", str(folder / "{source}.csv"), "--end", str(seconds))
        done = subprocess.run([sys.executable, str(APP), *words, *stats], check=False)
        if done.returncode:
            sys.exit("the run failed")
        return [rate(folder / f"stream-{place}.csv", seconds) for place in range(count)]


def rate(file: Path, seconds: float) -> float:
    """Frames a second of a source's figures, without those of the first seconds."""
    with file.open(encoding="utf-8", newline="") as lines:
        times = [float(row["time_s"]) for row in csv.DictReader(lines)]
    return sum(time_s >= WARM_UP_S for time_s in times) / (seconds - WARM_UP_S)


def main() -> None:
    """Measure in turns, and print the row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    alone, together, spreads = [], [], []
    for number in range(1, args.rounds + 1):
        alone += run(1, args.seconds)
        rates = run(args.sources, args.seconds)
        together.append(rates)
        spreads.append((max(rates) - min(rates)) / max(rates))
        load = os.getloadavg()[0]
        each = " ".join(f"{rate:.2f}" for rate in rates)
        print(f"round {number}: alone {alone[-1]:.1f}, together {each}, {spreads[-1]:.1%} apart (load {load:.0f})")
    sums = [sum(rates) for rates in together]
    each = ", ".join(f"{min(rates):.2f} to {max(rates):.2f}" for rates in together)
    print(
        f"| {args.sources} live streams of 720p at once, rounds: {args.rounds} | {each} frames/s each, at most "
        f"{max(spreads):.1%} apart, {median(sums):.1f} in all; one alone beside it {median(alone):.1f} "
        f"| `python benchmarks/several.py` |"
    )


if __name__ == "__main__":
    main()

"""How old a picture is when the page shows it: the time is written into each frame and read back from the page.

python benchmarks/page_latency.py [--transport webcodecs] [--minutes 1,5] [--seconds 20] [--all] [--plot FILE.png]

The demo clip comes as a live source at its own rate, over and over, and is segmented and served as with
`--headless --serve`. A headless Chromium on the same cores shows the page; at each of the minutes its picture is read
for so many seconds, each time that the browser draws. A row is printed for each. Needs requirements-web.txt, Chromium.

With `--all` there is a window too, on a virtual screen (Xvfb) from which the time is read as well, and persons are
recorded as events, some six a minute, each told to an address; of the recordings 100 MB are kept. Memory, threads and
open files of the program are written each minute (page_latency.csv), those of the first and the last one printed;
`--plot FILE.png` draws them.
"""

import argparse
import http.server
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from live_servers import is_listening
from reconnecting import free_port

from deeplab_cv.bench.instruments import timecode
from deeplab_cv.bench.instruments.child import started
from deeplab_cv.bench.instruments.screen import VirtualScreen, virtual_screen
from deeplab_cv.bench.latency import find_window, read_window
from deeplab_cv.machine.files import private_folder
from deeplab_cv.machine.folders import demo_clip
from tests.chromium import browser

READ = """(async () => {
  const shown = document.querySelector("#glass canvas, #glass video");
  const width = shown.videoWidth || shown.width, height = shown.videoHeight || shown.height;
  const copy = new OffscreenCanvas(width, 1).getContext("2d", {willReadFrequently: true}), seen = [];
  const end = performance.now() + %d;
  let last = "";
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    copy.drawImage(shown, 0, height - 18, width, 1, 0, 0, width, 1);
    const now = performance.timeOrigin + performance.now();
    const values = Array.from(copy.getImageData(0, 0, width, 1).data.filter((_, place) => place %% 4 === 1));
    const middles = values.filter((_, place) => place %% 12 === 6).slice(0, 38);
    const squares = middles.map(value => Number(value > 106)).join("");
    if (squares !== last) seen.push([now, squares]);
    last = squares;
  }
  return seen;
})()"""
"""Reads the row of squares; returns when each new one was drawn (ms since 1970) and its squares, 0 or 1."""


LIVE_WORDS = ("--record-when", "person", "--record-share", "0.2", "--record-for", "0.5", "--pre-roll", "1")
MORE_LIVE_WORDS = ("--post-roll", "1", "--record-limit", "100MB")
"""The demo's persons fill a third of the picture for seven seconds, and a tenth for three."""

STATES = Path("page_latency.csv")


def wall_before_ms() -> float:
    """The clock on the wall less the one that frames are dated by; the browser's own is set when its page begins."""
    return (time.time() - time.monotonic()) * 1000


def ages_ms(seen: list[tuple[float, str]], wall_ms_before: float) -> list[float]:
    """How old each picture was that came up."""
    ages = []
    for now_ms, squares in seen[1:]:
        pixels = np.repeat(np.array([int(square) * 255 for square in squares], np.uint8), timecode.SQUARE)
        stamped_ms = timecode.read(np.repeat(pixels[None, :, None], 3, axis=2), (0, 0))
        if stamped_ms is not None:
            ages.append((now_ms - wall_ms_before - stamped_ms) % timecode.PERIOD_MS)
    return ages


def row_of(where: str, minute: float, ages: list[float], seconds: float) -> str:
    if not ages:
        return f"| {where} | {minute:g} | 0 | | | |"
    ages = sorted(ages)
    middle, most = statistics.median(ages), ages[int(len(ages) * 0.95)]
    spread = f"{middle:.1f} ({ages[0]:.1f} to {ages[-1]:.1f})"
    return f"| {where} | {minute:g} | {len(ages)} | {len(ages) / seconds:.1f} | {spread} | {most:.1f} |"


def window_ages(screen: VirtualScreen, process: "subprocess.Popen[str]", seconds: float) -> list[float]:
    """How old each picture was that came up in the window."""
    place = find_window(screen, process)
    return [] if place is None else [age for _, age in read_window(screen, place, process, seconds)]


def read_state(number: int) -> tuple[float, int, int]:
    """MB of memory, threads and open files of a process."""
    folder = Path(f"/proc/{number}")
    pages = int((folder / "statm").read_text().split()[1])
    files, threads = (len(list((folder / name).iterdir())) for name in ("fd", "task"))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, threads, files


def note_states(process: "subprocess.Popen[str]", over: threading.Event) -> None:
    """A line each minute until the program ends."""
    began = time.monotonic()
    with STATES.open("w", encoding="utf-8", buffering=1) as lines:
        lines.write("minute,memory_mb,threads,files\n")
        while process.poll() is None:
            memory_mb, threads, files = read_state(process.pid)
            lines.write(f"{(time.monotonic() - began) / 60:.1f},{memory_mb:.1f},{threads},{files}\n")
            if over.wait(60):
                return


def draw_states(path: Path) -> None:
    """Memory, threads and open files, one below the other, over the minutes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    minutes, *columns = np.loadtxt(STATES, delimiter=",", skiprows=1, unpack=True, ndmin=2)
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    names = ("memory, MB", "threads", "open files")
    for axes, name, values in zip(figure.subplots(len(names), 1, sharex=True), names, columns, strict=True):
        axes.plot(minutes, values)
        axes.set(ylabel=name, ylim=(0, 1.2 * values.max()))
        axes.grid(alpha=0.3)
    axes.set(xlabel="minutes")
    figure.savefig(path, dpi=100)


@contextmanager
def told() -> Iterator[tuple[str, list[bytes]]]:
    """An address that events are posted to, and what came there."""
    came: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """The table is enough."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", came
    server.shutdown()


@contextmanager
def at_work(words: list[str], folder: Path, screen: VirtualScreen | None) -> Iterator["subprocess.Popen[str]"]:
    """The program, its window on the screen where there is one."""
    while True:
        with started("watched", words, folder) as process:
            # Somebody has to read what it says.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            # Without a window manager some windows of OpenCV's stay black: Qt misses the first call to paint.
            if screen is not None and find_window(screen, process) is None:
                continue
            yield process
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transport", default="webcodecs")
    parser.add_argument("--minutes", default="1,5")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    port = free_port()
    words = ["--video", str(demo_clip()), "--loop", "--serve", str(port)]
    with ExitStack() as stack:
        folder = stack.enter_context(private_folder())
        screen, came, over = None, [], threading.Event()
        if args.all:
            screen = stack.enter_context(virtual_screen())
            address, came = stack.enter_context(told())
            words += [*LIVE_WORDS, *MORE_LIVE_WORDS, "--record-to", str(folder / "recordings"), "--on-event", address]
        else:
            words.append("--headless")
        process = stack.enter_context(at_work(words, folder, screen))
        chromium = stack.enter_context(browser(folder / "profile"))
        while not is_listening(port):
            time.sleep(0.1)
        tab = stack.enter_context(chromium.tab(f"http://127.0.0.1:{port}/?transport={args.transport}"))
        before_ms = wall_before_ms()
        # Of each piece of the stream it would tell.
        tab.say("Network.disable")
        tab.resize(1280, 800)
        tab.wait("document.querySelector('#glass canvas, #glass video') !== null")
        began = time.monotonic()
        threading.Thread(target=note_states, args=(process, over), daemon=True).start()
        print("| where | minute | pictures | a second | latency ms | 19 of 20 below |\n|---|---|---|---|---|---|")
        for minute in map(float, args.minutes.split(",")):
            while time.monotonic() < began + 60 * minute:
                # What the browser says is to be read, or it takes us for gone.
                tab.run("0")
                time.sleep(1)
            if screen is not None:
                print(row_of("window", minute, window_ages(screen, process, args.seconds), args.seconds), flush=True)
            seen: Any = tab.run(READ % (args.seconds * 1000))
            print(row_of("page", minute, ages_ms(seen, before_ms), args.seconds), flush=True)
        over.set()
        if args.all:
            kept = list((folder / "recordings").glob("*.mp4"))
            print(
                f"{len(came)} events told, {len(kept)} recordings kept, {sum(f.stat().st_size for f in kept):,} bytes"
            )
        heading, *states = STATES.read_text(encoding="utf-8").splitlines()
        print(heading, states[0], states[-1], sep="\n")
        if args.plot is not None:
            draw_states(args.plot)


if __name__ == "__main__":
    main()

"""How old a picture is when the page shows it: the time is written into each frame and read back from the page.

python benchmarks/page_latency.py [--transport webcodecs] [--minutes 1,5] [--seconds 20]

The demo clip comes as a live source at its own rate, over and over, and is segmented and served as with
`--headless --serve`. A headless Chromium on the same cores shows the page; at each of the minutes its picture is read
for so many seconds, each time that the browser draws. A row is printed for each. Needs requirements-web.txt, Chromium.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from live_servers import is_listening
from reconnecting import free_port

from deeplab_cv.bench.instruments import timecode
from deeplab_cv.bench.instruments.child import started
from deeplab_cv.machine.files import private_folder
from deeplab_cv.machine.folders import demo_clip
from tests.chromium import Tab, browser

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


def ages_ms(seen: list[tuple[float, str]]) -> list[float]:
    """How old each picture was that came up."""
    wall_ms_before = (time.time() - time.monotonic()) * 1000
    ages = []
    for now_ms, squares in seen[1:]:
        pixels = np.repeat(np.array([int(square) * 255 for square in squares], np.uint8), timecode.SQUARE)
        stamped_ms = timecode.read(np.repeat(pixels[None, :, None], 3, axis=2), (0, 0))
        if stamped_ms is not None:
            ages.append((now_ms - wall_ms_before - stamped_ms) % timecode.PERIOD_MS)
    return ages


def row_of(tab: Tab, minute: float, seconds: float) -> str:
    seen: Any = tab.run(READ % (seconds * 1000))
    ages = sorted(ages_ms(seen))
    middle, most = statistics.median(ages), ages[int(len(ages) * 0.95)]
    spread = f"{middle:.1f} ({ages[0]:.1f} to {ages[-1]:.1f})"
    return f"| {minute:g} | {len(ages)} | {len(ages) / seconds:.1f} | {spread} | {most:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transport", default="webcodecs")
    parser.add_argument("--minutes", default="1,5")
    parser.add_argument("--seconds", type=float, default=20.0)
    args = parser.parse_args()
    port = free_port()
    words = ["--video", str(demo_clip()), "--loop", "--headless", "--serve", str(port)]
    with private_folder() as folder, started("stamped", words, folder), browser(folder / "profile") as chromium:
        while not is_listening(port):
            time.sleep(0.1)
        with chromium.tab(f"http://127.0.0.1:{port}/?transport={args.transport}") as tab:
            tab.resize(1280, 800)
            tab.wait("document.querySelector('#glass canvas, #glass video') !== null")
            began = time.monotonic()
            print("| minute | pictures | a second | latency ms | 19 of 20 below |\n|---|---|---|---|---|")
            for minute in map(float, args.minutes.split(",")):
                time.sleep(max(0.0, began + 60 * minute - time.monotonic()))
                print(row_of(tab, minute, args.seconds), flush=True)


if __name__ == "__main__":
    main()

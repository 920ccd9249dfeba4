"""What the page of `app.py web` costs in headless Chromium, beside ONNX Runtime itself: the tables of docs/web.md.

    python benchmarks/website.py [--turns 6] [--frames 5] [--mbit 20]

The page's own worker segments its first sample picture (1280x720) at three input sizes, float and int8, with one thread
and with two. ONNX Runtime, with as many threads, and the program's own labels and paint take the same picture, in turns
of some frames each, the first of which is not counted. A cell is the browser's median in milliseconds and how many
times the program's that is, the median of the turns. `whole` is from the picture to the painted one on the page.

Then a first visit, with an empty profile over a line of so many Mbit/s and over loopback, and a second one with a new
browser and no server; and WebGPU on Chromium's software adapter, which says whether it is right, not how fast.
Needs Chromium, npm, requirements-web.txt and requirements-dev.txt.
"""

import argparse
import asyncio
import gzip
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import cv2
import onnxruntime
import uvicorn

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.network import Graph, Network, graph_at, variant_graphs
from deeplab_cv.networks.opening import default_network_file, open_network
from deeplab_cv.overlay.look import make_look
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.overlay.styles import paint
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.preprocess import blob_of
from deeplab_cv.website.runtime import pinned_runtime
from deeplab_cv.website.serving import application
from deeplab_cv.website.site import write_site
from tests.chromium import Tab, browser
from tests.waiting import wait_for
from tests.website.page import READY, program_s_labels, segmented

SIZES = (Size(512, 288), Size(432, 240), Size(336, 192))
THREADS = (1, 2)
PRECISIONS = ("float32", "int8")
STAGES = ("blob", "inference", "labels", "paint", "whole")
SAMPLE = "sample-1.jpg"
SOFTWARE_GPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
PATIENCE_S = 600.0
"""For the shaders of the whole network on a processor."""

Times = dict[str, float]
"""Milliseconds of each stage."""

PREPARE = """async ({ precision, threads, width, height, sample }) => {
  const { Engine } = await import("/engine.js");
  const facts = await (await fetch("/site.json")).json();
  const file = facts.files.find((each) => each.precision === precision);
  const size = facts.sizes.find((each) => each.width === width && each.height === height);
  self.engine?.close();
  self.engine = new Engine({ provider: "wasm", threads, file });
  await engine.ask("load", { facts, choice: engine.choice });
  await engine.prove(size);
  const painted = Object.entries(facts.paint).map(([name, colour]) => [facts.classes.indexOf(name), colour]);
  const look = { style: "blend", alpha: 0.5, colours: Object.fromEntries(painted), background: [0, 0, 0] };
  const source = await createImageBitmap(await (await fetch(`/${sample}`)).blob());
  const context = document.createElement("canvas").getContext("2d");
  Object.assign(context.canvas, { width: source.width, height: source.height });
  self.frame = async () => {
    const started = performance.now();
    const bitmap = await createImageBitmap(source);
    const { picture, times } = await engine.segment(bitmap, { size, mirror: false, look });
    context.putImageData(picture, 0, 0);
    return { ...times, whole: performance.now() - started };
  };
}"""

PICTURE_IS_PAINTED = "document.getElementById('figures').innerText.includes('ms') && performance.now()"


@dataclass(frozen=True)
class Form:
    """One way to run the network."""

    size: Size
    precision: str
    threads: int


class Line:
    """An ASGI application behind a line of so many Mbit/s, 0 for one without a bound.

    Attributes:
        sent: bytes of all answers so far, without their headers.
        asked: the paths that were asked for.
    """

    def __init__(self, folder: Path, mbit: float) -> None:
        self.sent = 0
        self.asked: set[str] = set()
        self._inner = application(folder)
        self._mbit = mbit
        self._free_at_s = 0.0

    async def __call__(self, scope, receive, send) -> None:
        """Answer one request."""

        async def send_in_time(message) -> None:
            length = len(message.get("body", b""))
            self.sent += length
            if self._mbit:
                now_s = time.monotonic()
                self._free_at_s = max(now_s, self._free_at_s) + 8 * length / (1e6 * self._mbit)
                await asyncio.sleep(self._free_at_s - now_s)
            await send(message)

        self.asked.add(scope["path"])
        await self._inner(scope, receive, send_in_time)


@contextmanager
def served(line: Line, listener: socket.socket) -> Iterator[str]:
    """The site's address, as long as the block runs."""
    server = uvicorn.Server(uvicorn.Config(line, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://localhost:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


def program_s_frame(network: Network, form: Form, picture: Image) -> Callable[[], Times]:
    """What segments the picture once with ONNX Runtime and the program's own stages."""
    graph = _graph_of(network, form)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = form.threads, 1
    session = onnxruntime.InferenceSession(str(graph.file), options, providers=["CPUExecutionProvider"])
    look = make_look(PictureOptions(), network.card.classes)

    def frame() -> Times:
        cv2.setNumThreads(form.threads)
        moments = [time.perf_counter()]
        blob = blob_of(picture, form.size, network.card.input)
        moments.append(time.perf_counter())
        (scores,) = session.run(None, {network.card.input.name: blob})
        moments.append(time.perf_counter())
        labels = labels_at(scores[0], Size.of(picture), align_corners=network.card.output.align_corners)
        moments.append(time.perf_counter())
        paint(picture, labels, look)
        moments.append(time.perf_counter())
        stages = [1000 * (end - begin) for begin, end in pairwise(moments)]
        return dict(zip(STAGES, [*stages, sum(stages)], strict=True))

    return frame


def _graph_of(network: Network, form: Form) -> Graph:
    graph = graph_at(network, form.size)
    if form.precision == "int8":
        return next(each for each in variant_graphs(network, graph) if each.precision == "int8")
    return graph


def in_turns(tab: Tab, native: Callable[[], Times], turns: int, frames: int) -> dict[str, tuple[float, float]]:
    """For each stage the browser's median (ms), and how many times the program's it is."""
    rounds = []
    for _ in range(turns):
        pair = []
        for frame in (lambda: tab.run("frame()"), native):
            times = [frame() for _ in range(frames + 1)][1:]
            pair.append({stage: median(each[stage] for each in times) for stage in STAGES})
        rounds.append(pair)
    return {
        stage: (
            median(there[stage] for there, _ in rounds),
            median(there[stage] / here[stage] for there, here in rounds),
        )
        for stage in STAGES
    }


def print_speed(address: str, network: Network, picture: Image, profile: Path, args: argparse.Namespace) -> None:
    """A row for each way to run the network."""
    # A page of the site without the script that would start an engine of its own.
    with browser(profile) as running, running.tab(f"{address}licences.txt") as tab:
        if not tab.run("crossOriginIsolated"):
            raise SystemExit("error: the page may have no threads")
        print(f"{tab.run('navigator.userAgent')}; ONNX Runtime {onnxruntime.__version__}")
        print(f"\n| input | form | threads | {' | '.join(STAGES)} |\n|---|---|---|{'---|' * len(STAGES)}")
        for form in (Form(*each) for each in product(SIZES, PRECISIONS, THREADS)):
            wanted = {"precision": form.precision, "threads": form.threads, **form.size._asdict(), "sample": SAMPLE}
            tab.run(f"({PREPARE})({json.dumps(wanted)})")
            found = in_turns(tab, program_s_frame(network, form, picture), args.turns, args.frames)
            cells = [f"{ms:.1f} ({ratio:.1f}x)" for ms, ratio in found.values()]
            print(f"| {form.size} | {form.precision} | {form.threads} | {' | '.join(cells)} |", flush=True)


def print_visits(folder: Path, profile: Path, mbit: float) -> None:
    """A row for the first visit and one for the second."""
    line, listener = Line(folder, mbit), socket.create_server(("127.0.0.1", 0))
    over = f"over {mbit:g} Mbit/s" if mbit else "over loopback"
    with served(line, listener) as address:
        ready, painted, kept = visit(address, profile)
    files = [folder / (path.lstrip("/") or "index.html") for path in line.asked]
    packed = sum(len(gzip.compress(file.read_bytes())) for file in files if file.is_file())
    megabytes = f"{line.sent / 1e6:.1f} MB ({packed / 1e6:.1f} MB where the host compresses)"
    print(f"| first, {over} | {megabytes} | {ready:.1f} | {painted:.1f} | {kept:.1f} |", flush=True)
    ready, painted, _ = visit(address, profile)
    print(f"| second, no connection | 0 | {ready:.1f} | {painted:.1f} | |", flush=True)


def visit(address: str, profile: Path) -> tuple[float, float, float]:
    """Seconds until the network is proven, until a sample picture is painted, and until all is kept for offline use."""
    with browser(profile) as running, running.tab(address) as tab:
        tab.wait("document.querySelector('#samples button') !== null")
        tab.run("document.querySelector('#samples button').click()")
        ready_ms = tab.wait(f"{READY} && performance.now()")
        tab.wait("!document.getElementById('segment').hidden")
        tab.run("document.getElementById('segment').click()")
        painted_ms = tab.wait(PICTURE_IS_PAINTED)
        kept_ms = tab.run("navigator.serviceWorker.ready.then(() => performance.now())")
    return ready_ms / 1000, painted_ms / 1000, kept_ms / 1000


def print_webgpu(address: str, picture: Image, profile: Path) -> None:
    """A line: after how many seconds WebGPU is proven, and the share of its labels that are the program's."""
    size = SIZES[-1]
    page = f"{address}?provider=webgpu&size={size}"
    with browser(profile, SOFTWARE_GPU) as running, running.tab(page) as tab:
        proven_ms = wait_for(lambda: tab.run(f"{READY} && performance.now()"), PATIENCE_S)
        labels = segmented(tab, picture)
    same = (labels == program_s_labels(picture, size=size)).mean()
    proven = f"proven after {proven_ms / 1000:.1f} s"
    print(f"\nWebGPU on Chromium's software adapter, {size}: {proven}, {100 * same:.3f} % of the labels equal")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=6, help="how often each way to run takes its turn (default 6)")
    parser.add_argument("--frames", type=int, default=5, help="frames of a turn that are counted (default 5)")
    parser.add_argument("--mbit", type=float, default=20.0, help="line of the first visit in Mbit/s (default 20)")
    args = parser.parse_args()
    network = open_network(default_network_file())
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; ", end="")
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        write_site(network, pinned_runtime(), work / "site")
        picture = cv2.imread(str(work / "site" / SAMPLE))
        with served(Line(work / "site", 0), socket.create_server(("127.0.0.1", 0))) as address:
            print_speed(address, network, picture, work / "profile", args)
        print("\n| visit | bytes | network proven, s | first picture painted, s | all kept, s |\n|---|---|---|---|---|")
        for mbit in (args.mbit, 0):
            print_visits(work / "site", work / f"profile-{mbit:g}", mbit)
        with served(Line(work / "site", 0), socket.create_server(("127.0.0.1", 0))) as address:
            print_webgpu(address, picture, work / "profile")


if __name__ == "__main__":
    main()

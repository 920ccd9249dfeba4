"""What the page costs: processor time with 0, 1 and 8 viewers, and bytes for each, beside /stream.mjpg.

python benchmarks/page.py [--seconds 10]

The demo clip at 720p and 30 pictures a second is put on the page's stage; nothing is inferred, so that what is measured
is encoding and sending alone. Viewers run in a process of their own and confirm each picture as the page does.
Prints the table of docs/live.md. Needs requirements-web.txt.
"""

import argparse
import itertools
import json
import multiprocessing
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.controls.keys import Action
from deeplab_cv.controls.stage import Stage
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.machine.folders import demo_clip
from deeplab_cv.page.options import PageOptions
from deeplab_cv.page.server import PageServer
from deeplab_cv.page.viewers import MP4_HEAD, TRANSPORTS
from deeplab_cv.sources.video import VideoSource

RATE = 30
WAYS = (*TRANSPORTS, "stream.mjpg")


def watch(port: int, way: str, ended: Event) -> None:
    """Watch until the end, as the page does, or as a program that reads motion JPEG."""
    if way == "stream.mjpg":
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/stream.mjpg") as answer:
            while not ended.is_set() and answer.read(4096):
                pass
        return
    with connect(f"ws://127.0.0.1:{port}/ws", compression=None, max_size=None) as socket:
        socket.send(json.dumps({"type": "watch", "transport": way}))
        while not ended.is_set():
            try:
                said = socket.recv(timeout=1)
            except TimeoutError:
                continue
            except ConnectionClosed:
                return
            if isinstance(said, bytes) and said[0] != MP4_HEAD:
                socket.send(json.dumps({"type": "took", "count": 1}))


def watch_all(port: int, way: str, count: int, ended: Event) -> None:
    """So many viewers at once."""
    threads = [threading.Thread(target=watch, args=(port, way, ended)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def viewers(port: int, way: str, count: int) -> Iterator[None]:
    """So many viewers in a process of their own, as long as the block runs."""
    context = multiprocessing.get_context("spawn")
    ended = context.Event()
    process = context.Process(target=watch_all, args=(port, way, count, ended))
    process.start()
    try:
        yield
    finally:
        ended.set()
        process.join()


def play(stage: Stage, pictures: list[Pixels], ended: threading.Event) -> None:
    """Put the pictures on the stage, over and over, at their rate."""
    begun = time.monotonic()
    for number, picture in enumerate(itertools.cycle(pictures)):
        if ended.wait(max(0.0, begun + number / RATE - time.monotonic())):
            return
        # Anew each time, as those of a run are: what was made of it before is forgotten.
        stage.show(Pixels(image=picture.image, planes=picture.planes), time.monotonic())


def sent_bytes(port: int) -> int:
    """What the server has sent to viewers so far."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("deeplab_cv_sent_bytes_total ")))


def measured(server: PageServer, way: str, count: int, seconds: float) -> tuple[float, float]:
    """Processor time (ms a picture), and Mbit/s for each viewer."""
    port = urlsplit(server.link).port or 0
    with viewers(port, way, count):
        # The first pictures pay for what is made once.
        time.sleep(3)
        bytes_before, busy_before, number_before = sent_bytes(port), time.process_time(), number_of(server.stage)
        begun = time.monotonic()
        time.sleep(seconds)
        busy_s, pictures = time.process_time() - busy_before, number_of(server.stage) - number_before
        sent, took_s = sent_bytes(port) - bytes_before, time.monotonic() - begun
    return busy_s * 1000 / max(1, pictures), sent * 8 / 1e6 / took_s / max(1, count)


def number_of(stage: Stage) -> int:
    """How many pictures there were."""
    return stage.picture.number if stage.picture is not None else 0


def read_pictures(count: int) -> list[Pixels]:
    """The first pictures of the demo clip, with both their forms made."""
    pictures = []
    with VideoSource(demo_clip()) as source:
        while len(pictures) < count and (frame := source.read()) is not None:
            pictures.append(Pixels(image=frame.image, planes=frame.pixels.planes))
    return pictures


def ignore(action: Action) -> None:
    """Nothing is asked of a run that is none."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each row is measured (default 10)")
    seconds = parser.parse_args().seconds
    ended = threading.Event()
    with PageServer(PageOptions(serve="0"), ignore) as server:
        player = threading.Thread(target=play, args=(server.stage, read_pictures(120), ended))
        player.start()
        try:
            print("| way | viewers | processor, ms a picture | Mbit/s for each viewer |\n|---|---|---|---|")
            idle_ms, _ = measured(server, "jpeg", 0, seconds)
            print(f"| none | 0 | {idle_ms:.1f} | |", flush=True)
            for way, count in itertools.product(WAYS, (1, 8)):
                busy_ms, megabits = measured(server, way, count, seconds)
                print(f"| {way} | {count} | {busy_ms:.1f} | {megabits:.1f} |", flush=True)
        finally:
            ended.set()
            player.join()


if __name__ == "__main__":
    main()

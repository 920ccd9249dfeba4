"""Kills an RTSP server again and again, and measures how the program's source comes back.

python benchmarks/reconnecting.py SERVER [--kills 20] [--plays 31] [--sooner 10] [--seed 1]

SERVER is `rtsp` (aio-rtsp-toolkit, RTSP over TCP; pip install aio-rtsp-toolkit) or `mpegts` (TCP, nothing to install).
Each time it has given pictures for PLAYS seconds it is killed, stays away for some seconds and is started again. Then
it is killed SOONER more times after a few seconds of pictures, which the back-off answers with longer delays. A row is
written for each; the last lines compare threads, open files and memory with those after the first picture.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from deeplab_cv.sources.url import open_stream

HERE = Path(__file__)
RATE, SECONDS, SIZE = 10, 120, (320, 180)
GUARD_S = 60.0
"""So long after a server is back the program may take at the very most: the longest delay, its jitter and opening."""


def write_clip(path: Path) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"g": str(RATE), "bf": "0", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(RATE * SECONDS):
            picture = np.full((SIZE[1], SIZE[0], 3), 40, np.uint8)
            left = number * 7 % (SIZE[0] - 40)
            picture[40:120, left : left + 40] = (0, number % 256, 255)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))


def serve_rtsp(clip: Path, port: int) -> None:
    from aio_rtsp_toolkit import server

    asyncio.run(server.serve(str(clip.parent), "127.0.0.1", port))


def serve_mpegts(clip: Path, port: int) -> None:
    """The clip's packets, each at its time, to every client that comes, one at a time."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            client, _ = listener.accept()
            with client:
                try:
                    send_mpegts(client, clip)
                except (OSError, av.FFmpegError):
                    continue


def send_mpegts(client: socket.socket, clip: Path) -> None:
    class Connection:
        def write(self, data: bytes) -> int:
            client.sendall(data)
            return len(data)

    begun_at = time.monotonic()
    with (
        av.open(str(clip)) as container,
        av.open(Connection(), "w", "mpegts", options={"flush_packets": "1"}) as out,
    ):
        source = container.streams.video[0]
        stream = out.add_stream_from_template(source)
        for packet in container.demux(source):
            if packet.dts is not None:
                due_s = float(packet.dts * (packet.time_base or Fraction(1)))
                time.sleep(max(0.0, begun_at + due_s - time.monotonic()))
                packet.stream = stream
                out.mux(packet)


SERVERS = {"rtsp": serve_rtsp, "mpegts": serve_mpegts}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server in a process of its own, which is killed and started again."""

    def __init__(self, kind: str, clip: Path) -> None:
        self.port = free_port()
        scheme, path = ("rtsp", f"/{clip.name}") if kind == "rtsp" else ("tcp", "")
        self.url = f"{scheme}://127.0.0.1:{self.port}{path}"
        self._words = [sys.executable, str(HERE), "--serve", kind, str(clip), str(self.port)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it takes connections."""
        self._process = subprocess.Popen(self._words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            if self._process.poll() is not None:
                sys.exit(f"the server does not start: {' '.join(self._words)}")
            # Asked of the kernel: a connection of our own would be the one that a server of one client serves.
            if f":{self.port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text():
                return
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def state_of_process() -> dict[str, float]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
        "memory_mb": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
    }


class Reader:
    """Reads a source in a thread, as the program's own reader does, and notes when the last picture came."""

    def __init__(self, url: str) -> None:
        self.source = open_stream(url)
        self.pictures, self.last_at = 0, 0.0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while (frame := self.source.read()) is not None:
            self.pictures, self.last_at = self.pictures + 1, frame.captured_at

    def wait_for_picture(self, since: float) -> float:
        """When the first picture after a moment was seen to have come."""
        while self.last_at <= since:
            if time.monotonic() - since > GUARD_S:
                sys.exit(f"no picture for {GUARD_S:.0f} s")
            time.sleep(0.005)
        return self.last_at

    def close(self) -> float:
        """Seconds until nothing of it runs any more."""
        began = time.monotonic()
        self.source.close()
        self._thread.join(10)
        return time.monotonic() - began


def kill_and_wait(server: Server, reader: Reader, plays_s: float, away_s: float) -> dict[str, float]:
    time.sleep(plays_s)
    server.kill()
    time.sleep(away_s)
    server.start()
    listening_at = time.monotonic()
    state = reader.source.state
    left_s = max(0.0, (state.retry_at or listening_at) - listening_at)
    back_at = reader.wait_for_picture(listening_at)
    return {
        "played_s": plays_s,
        "away_s": round(away_s, 1),
        "next_try_in_s": round(left_s, 2),
        "back_after_s": round(back_at - listening_at, 2),
        "tries": state.tries,
        **{name: round(value, 1) for name, value in state_of_process().items()},
    }


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        kind, clip, port = sys.argv[2:]
        SERVERS[kind](Path(clip), int(port))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", choices=list(SERVERS))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--plays", type=float, default=31.0)
    parser.add_argument("--sooner", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    chance = random.Random(wanted.seed)
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        write_clip(clip)
        server = Server(wanted.server, clip)
        server.start()
        reader = Reader(server.url)
        reader.wait_for_picture(time.monotonic())
        time.sleep(2)
        first = state_of_process()
        rows = []
        for plays_s, kills in ((wanted.plays, wanted.kills), (5.0, wanted.sooner)):
            for _ in range(kills):
                rows.append(kill_and_wait(server, reader, plays_s, chance.uniform(1, 6)))
                print(json.dumps(rows[-1]), flush=True)
        time.sleep(2)
        last = state_of_process()
        history, closed_s = reader.source.state.history, reader.close()
        server.kill()
    worst = max(row["back_after_s"] - row["next_try_in_s"] for row in rows)
    print(f"{len(rows)} kills: {history}; at most {worst:.2f} s after the next try was due; closed in {closed_s:.2f} s")
    for name, before in first.items():
        print(f"{name}: {before:.1f} after the first picture, {last[name]:.1f} at the end")


if __name__ == "__main__":
    main()

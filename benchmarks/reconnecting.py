"""Takes a live server away again and again, and measures how the program's source comes back.

python benchmarks/reconnecting.py SERVER [--fault kill] [--times 20] [--plays 31] [--sooner 10] [--seed 1]

SERVER is one of live_servers.py, which says what each needs. Each time it has given pictures for PLAYS seconds it is
taken away, and comes back after some seconds. Then it is taken away SOONER more times after a few seconds of pictures,
which the back-off answers with longer delays. A row is written for each; the last lines compare threads, open files and
memory with those after the first picture. FAULT is

- `kill`: the server is killed and started again;
- `freeze`: it is stopped and goes on (SIGSTOP, SIGCONT), as a camera that hangs;
- `black_hole`: its answers are lost on the way; it has a network namespace of its own for that, which root can make;
- `reset`: the kernel resets its connections, in such a namespace.
"""

import argparse
import json
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import av
import numpy as np
from live_servers import SERVERS, command_of, is_listening, url_of

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.sources.url import open_stream

RATE, SECONDS, SIZE = 10, 900, (320, 180)
FAULTS = {"kill": (1, 6), "freeze": (8, 14), "black_hole": (8, 14), "reset": (0, 0)}
"""What happens to the server, and how many seconds it is away: a source that is silent counts as gone after 5 s."""
APART = ("black_hole", "reset")
NAMESPACE, OUR_HOST, SERVER_HOST = "reconnecting", "10.77.0.1", "10.77.0.2"
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server in a process of its own, which is taken away and comes back."""

    def __init__(self, kind: str, clip: Path, fault: str) -> None:
        self._fault = fault
        self._apart = fault in APART
        host, self._port = SERVER_HOST if self._apart else "127.0.0.1", free_port()
        self.url = url_of(kind, clip, host, self._port)
        inside = ["ip", "netns", "exec", NAMESPACE] if self._apart else []
        self._words = [*inside, *command_of(kind, clip, host, self._port)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it takes connections."""
        if self._apart and not Path("/run/netns", NAMESPACE).exists():
            make_namespace()
        self._process = subprocess.Popen(
            self._words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while not is_listening(self._port, self._process.pid):
            if self._process.poll() is not None:
                sys.exit(f"the server does not start: {' '.join(self._words)}")
            time.sleep(0.02)

    def take_away(self) -> None:
        if self._fault == "kill":
            self.end()
        elif self._fault == "freeze":
            self._signal(signal.SIGSTOP)
        elif self._fault == "black_hole":
            inside("ip", "route", "add", "blackhole", f"{OUR_HOST}/32")
        else:
            inside("ss", "-K", "dst", OUR_HOST)

    def bring_back(self) -> None:
        if self._fault == "kill":
            self.start()
        elif self._fault == "freeze":
            self._signal(signal.SIGCONT)
        elif self._fault == "black_hole":
            inside("ip", "route", "del", "blackhole", f"{OUR_HOST}/32")

    def end(self) -> None:
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number)


def make_namespace() -> None:
    """A network of the server's own, and a cable between it and ours."""
    ours, theirs = "ours", "theirs"
    system("ip", "netns", "add", NAMESPACE)
    system("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", NAMESPACE)
    system("ip", "addr", "add", f"{OUR_HOST}/30", "dev", ours)
    system("ip", "link", "set", ours, "up")
    inside("ip", "addr", "add", f"{SERVER_HOST}/30", "dev", theirs)
    inside("ip", "link", "set", theirs, "up")
    inside("ip", "link", "set", "lo", "up")


def inside(*words: str) -> None:
    system("ip", "netns", "exec", NAMESPACE, *words)


def system(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def state_of_process() -> dict[str, float]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
        "memory_mb": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
    }


def print_change(first: dict[str, float], last: dict[str, float]) -> None:
    for name, before in first.items():
        print(f"{name}: {before:.1f} after the first picture, {last[name]:.1f} at the end")


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


def take_away_and_wait(server: Server, reader: Reader, plays_s: float, away_s: float) -> dict[str, float]:
    time.sleep(plays_s)
    server.take_away()
    time.sleep(away_s)
    server.bring_back()
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", choices=list(SERVERS))
    parser.add_argument("--fault", choices=list(FAULTS), default="kill")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--plays", type=float, default=31.0)
    parser.add_argument("--sooner", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    chance = random.Random(wanted.seed)
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        write_clip(clip)
        server = Server(wanted.server, clip, wanted.fault)
        server.start()
        reader = Reader(server.url)
        reader.wait_for_picture(time.monotonic())
        time.sleep(2)
        first = state_of_process()
        rows = []
        for plays_s, times in ((wanted.plays, wanted.times), (5.0, wanted.sooner)):
            for _ in range(times):
                rows.append(take_away_and_wait(server, reader, plays_s, chance.uniform(*FAULTS[wanted.fault])))
                print(json.dumps(rows[-1]), flush=True)
        time.sleep(2)
        last = state_of_process()
        history, closed_s = reader.source.state.history, reader.close()
        server.end()
    worst = max(row["back_after_s"] - row["next_try_in_s"] for row in rows)
    print(f"{len(rows)} times {wanted.fault}: {history}; closed in {closed_s:.2f} s")
    print(f"back at most {worst:.2f} s after the next try was due")
    print_change(first, last)


if __name__ == "__main__":
    main()

"""Who receives a stream: a listener of our own, FFmpeg in a process of its own, and a server that says nothing."""

import io
import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import av

from tests.waiting import HANGS_S

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@dataclass
class Visit:
    """One connection to a listener: what came through it, and whether it is over."""

    client: socket.socket
    data: bytearray = field(default_factory=bytearray)
    over: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        try:
            while data := self.client.recv(1 << 16):
                self.data += data
        except OSError:
            pass
        self.over.set()

    def pictures(self) -> list[av.VideoFrame]:
        with av.open(io.BytesIO(bytes(self.data))) as container:
            return list(container.decode(video=0))

    def sounds(self) -> list[av.AudioFrame]:
        with av.open(io.BytesIO(bytes(self.data))) as container:
            return list(container.decode(audio=0))

    def sound_s(self) -> float:
        """How long the sound is, in seconds; 0 without any."""
        with av.open(io.BytesIO(bytes(self.data))) as container:
            if not container.streams.audio:
                return 0.0
            return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


class Listener:
    """Takes connections over TCP, one after the other, and all that comes through them; or nothing, where told so."""

    def __init__(self, *, port: int = 0, takes: bool = True) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._takes = takes
        if not takes:
            # What the system takes in a silent server's place.
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port = self._listener.getsockname()[1]
        self.url = f"tcp://127.0.0.1:{self.port}"
        self.visits: list[Visit] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            visit = Visit(client)
            self.visits.append(visit)
            if self._takes:
                threading.Thread(target=visit.read, daemon=True).start()

    def hang_up(self) -> None:
        """Close the connection that came last."""
        self.visits[-1].client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections, and close those that there are."""
        self._listener.close()
        for visit in self.visits:
            visit.client.close()


@contextmanager
def listening(**options):
    listener = Listener(**options)
    try:
        yield listener
    finally:
        listener.close()


class Received:
    """FFmpeg that waits for a stream, in a process of its own, and what it says of the frames that came."""

    def __init__(self, url: str, **options: str) -> None:
        self.pictures: list[dict[str, float]] = []
        self.sounds: list[dict[str, float]] = []
        words = [sys.executable, "-m", "tests.sinks.receivers", url, json.dumps(options)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            said = json.loads(line)
            (self.sounds if "samples" in said else self.pictures).append(said)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(HANGS_S)


@contextmanager
def receiving(url: str, **options: str):
    """FFmpeg that receives a stream at a URL of its own."""
    received = Received(url, **options)
    try:
        yield received
    finally:
        received.kill()


def main() -> None:
    """Say of each frame that comes what it is."""
    url, options = sys.argv[1], json.loads(sys.argv[2])
    with av.open(url, options=options) as container:
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                said = {"width": frame.width, "height": frame.height, "time_s": frame.time}
            else:
                said = {"samples": frame.samples, "rate": frame.sample_rate}
            print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()

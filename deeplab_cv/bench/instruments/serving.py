"""A clip served on loopback as a network camera serves: its own packets in MPEG-TS, each when its time has come.

python -m deeplab_cv.bench.instruments.serving CLIP SECONDS

The first line on stdout is the URL. It serves one client, begins again at the clip's end, and is gone after SECONDS.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import av
import av.error

from deeplab_cv.bench.instruments.child import child_environment

_CONNECT_S = 30.0


@contextmanager
def served(clip: Path, seconds: float) -> Iterator[str]:
    """A URL at which the clip comes live, for so long at most; served by a process of its own."""
    command = [sys.executable, "-m", "deeplab_cv.bench.instruments.serving", str(clip), str(seconds)]
    process = subprocess.Popen(command, env=child_environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


class _Connection:
    """What FFmpeg writes to."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client

    def write(self, data: bytes) -> int:
        """Send it all."""
        self._client.sendall(data)
        return len(data)


def serve(listener: socket.socket, clip: Path, seconds: float) -> None:
    """Serve the clip to the first client that comes, until it goes or the time is up."""
    listener.settimeout(_CONNECT_S)
    client, _ = listener.accept()
    client.settimeout(seconds)
    with client:
        try:
            _send(_Connection(client), clip, seconds)
        except (OSError, av.error.FFmpegError):
            # The client has gone, which is how a live stream ends; PyAV says so once more when it closes the output.
            return


def _send(connection: _Connection, clip: Path, seconds: float) -> None:
    begun_at = time.monotonic()
    with av.open(str(clip)) as container, av.open(connection, "w", "mpegts", options={"flush_packets": "1"}) as out:
        source = container.streams.video[0]
        stream = out.add_stream_from_template(source)
        round_pts = source.duration or 0
        for number in count():
            container.seek(0)
            for packet in container.demux(source):
                if packet.dts is None or packet.pts is None:
                    continue
                packet.pts, packet.dts = packet.pts + number * round_pts, packet.dts + number * round_pts
                due_s = float(packet.dts * packet.time_base)
                if due_s > seconds:
                    return
                time.sleep(max(0.0, begun_at + due_s - time.monotonic()))
                packet.stream = stream
                out.mux(packet)


def main() -> None:
    """Serve the clip of the command line."""
    clip, seconds = Path(sys.argv[1]), float(sys.argv[2])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"tcp://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        serve(listener, clip, seconds)


if __name__ == "__main__":
    main()

"""Real servers of one clip on this machine, for benchmarks/reconnecting.py: each plays it at its own pace.

python benchmarks/live_servers.py KIND CLIP HOST PORT

| KIND | what serves | what it needs |
|---|---|---|
| `rtsp` | aio-rtsp-toolkit, RTSP over TCP | pip install aio-rtsp-toolkit |
| `rtsp_udp` | rtsp-rs, RTSP over UDP; it refuses TCP | pip install rtsp-rs |
| `rtsp_gst` | gst-rtsp-server, run by /usr/bin/python3 | apt install PACKAGES |
| `rtmp` | node-media-server, and a publisher beside it | npm install node-media-server |
| `mjpeg` | http.server, parts of JPEG | nothing |
| `hls` | http.server, a list of the last five seconds | nothing |
| `mpegts` | a TCP server for one client at a time | nothing |

PACKAGES are gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good gstreamer1.0-plugins-bad. The environment's
NODE_MEDIA_SERVER is the folder in which npm installed.

Packages are imported by the server that needs them, so that the system's Python runs one as well.
"""

import asyncio
import http.server
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

PATHS = {
    "rtsp": "rtsp://{host}:{port}/{clip}",
    "rtsp_udp": "rtsp://{host}:{port}/stream",
    "rtsp_gst": "rtsp://{host}:{port}/clip",
    "rtmp": "rtmp://{host}:{port}/live/clip",
    "mjpeg": "http://{host}:{port}/stream.mjpg",
    "hls": "http://{host}:{port}/live.m3u8",
    "mpegts": "tcp://{host}:{port}",
}
SYSTEM_PYTHON = {"rtsp_gst"}
"""Kinds whose package comes with the operating system's Python."""


def url_of(kind: str, clip: Path, host: str, port: int) -> str:
    """Where the server's clip is to be had."""
    return PATHS[kind].format(clip=clip.name, host=host, port=port)


def command_of(kind: str, clip: Path, host: str, port: int) -> list[str]:
    """What starts a server in a process of its own."""
    python = "/usr/bin/python3" if kind in SYSTEM_PYTHON else sys.executable
    return [python, __file__, kind, str(clip), host, str(port)]


def serve_rtsp(clip: Path, host: str, port: int) -> None:
    from aio_rtsp_toolkit import server

    asyncio.run(server.serve(str(clip.parent), host, port))


def serve_rtsp_udp(clip: Path, host: str, port: int) -> None:
    import rtsp

    server = rtsp.Server(f"{host}:{port}")
    server.start()
    for packet in _packets_in_time(clip, bitstream_filter="h264_mp4toannexb"):
        server.send_frame(bytes(packet), int(90000 * packet.duration * packet.time_base))


def serve_rtsp_gst(clip: Path, host: str, port: int) -> None:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)
    server = GstRtspServer.RTSPServer(address=host, service=str(port))
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( filesrc location={clip} ! qtdemux ! h264parse ! rtph264pay name=pay0 pt=96 )")
    factory.set_shared(True)
    server.get_mount_points().add_factory("/clip", factory)
    server.attach(None)
    GLib.MainLoop().run()


def serve_rtmp(clip: Path, host: str, port: int) -> None:
    import av

    program = f"new (require('node-media-server'))({{bind: '{host}', rtmp: {{port: {port}}}}}).run()"
    subprocess.Popen(["node", "-e", program], cwd=os.environ.get("NODE_MEDIA_SERVER"), stdout=subprocess.DEVNULL)
    while not is_listening(port):
        time.sleep(0.05)
    with av.open(url_of("rtmp", clip, host, port), "w", "flv") as out:
        _send(clip, out)


def serve_mjpeg(clip: Path, host: str, port: int) -> None:
    import av

    class Pictures(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            encoder = av.CodecContext.create("mjpeg", "w")
            for packet in _packets_in_time(clip):
                for frame in packet.decode():
                    if not encoder.is_open:
                        encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj420p"
                        encoder.time_base = Fraction(1, 30)
                    for jpeg in encoder.encode(frame.reformat(format="yuvj420p")):
                        self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + bytes(jpeg) + b"\r\n")

    http.server.ThreadingHTTPServer((host, port), Pictures).serve_forever()


def serve_hls(clip: Path, host: str, port: int) -> None:
    import av

    with tempfile.TemporaryDirectory() as folder:
        files = partial(http.server.SimpleHTTPRequestHandler, directory=folder)
        server = http.server.ThreadingHTTPServer((host, port), files)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = {"hls_time": "1", "hls_list_size": "5", "hls_flags": "delete_segments"}
        with av.open(f"{folder}/live.m3u8", "w", "hls", options=options) as out:
            _send(clip, out)


def serve_mpegts(clip: Path, host: str, port: int) -> None:
    import av

    class Connection:
        def __init__(self, client: socket.socket) -> None:
            self._client = client

        def write(self, data: bytes) -> int:
            self._client.sendall(data)
            return len(data)

    with socket.create_server((host, port)) as listener:
        while True:
            client, _ = listener.accept()
            with client:
                try:
                    with av.open(Connection(client), "w", "mpegts", options={"flush_packets": "1"}) as out:
                        _send(clip, out)
                except (OSError, av.FFmpegError):
                    continue


SERVERS = {
    "rtsp": serve_rtsp,
    "rtsp_udp": serve_rtsp_udp,
    "rtsp_gst": serve_rtsp_gst,
    "rtmp": serve_rtmp,
    "mjpeg": serve_mjpeg,
    "hls": serve_hls,
    "mpegts": serve_mpegts,
}


def is_listening(port: int, process: int | str = "self") -> bool:
    """Asked of the kernel: a connection of our own would be the one that a server of one client serves.

    Args:
        port: that somebody listens at.
        process: a process of the network that is asked.
    """
    return f":{port:04X} 00000000:0000 0A" in Path(f"/proc/{process}/net/tcp").read_text(encoding="ascii")


def _send(clip: Path, out: Any) -> None:
    """The clip's packets, each at its time, into an output of PyAV."""
    import av

    with av.open(str(clip)) as container:
        stream = out.add_stream_from_template(container.streams.video[0])
    for packet in _packets_in_time(clip):
        packet.stream = stream
        out.mux(packet)


def _packets_in_time(clip: Path, bitstream_filter: str = "") -> Iterator[Any]:
    """The clip's packets, none before its time."""
    import av

    begun_at = time.monotonic()
    with av.open(str(clip)) as container:
        source = container.streams.video[0]
        changed = av.BitStreamFilterContext(bitstream_filter, source) if bitstream_filter else None
        for packet in container.demux(source):
            if packet.dts is not None:
                due_s = float(packet.dts * (packet.time_base or Fraction(1)))
                time.sleep(max(0.0, begun_at + due_s - time.monotonic()))
                yield from [packet] if changed is None else changed.filter(packet)


if __name__ == "__main__":
    SERVERS[sys.argv[1]](Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))

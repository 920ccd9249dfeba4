"""A video element in headless Chromium: does it play, at what size, and what does it draw?"""

import json
import os
import queue
import signal
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.chromium import CHROMIUM, FLAGS
from tests.waiting import HANGS_S

_PAGE = """<!doctype html><video id=video muted autoplay playsinline></video><script>
const video = document.getElementById("video");
const tell = facts => fetch("/told", {method: "POST", body: JSON.stringify(facts)});
video.onerror = () => tell({error: video.error.message || "code " + video.error.code});
video.ontimeupdate = () => {
  if (video.currentTime < WANTED_S) return;
  video.ontimeupdate = null;
  video.pause();
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  const at = ([x, y]) => Array.from(context.getImageData(x, y, 1, 1).data);
  tell({size: [video.videoWidth, video.videoHeight], time: video.currentTime, duration: video.duration,
        ready: video.readyState, pixels: POINTS.map(at), picture: canvas.toDataURL("image/png"),
        sound_bytes: video.webkitAudioDecodedByteCount});
};
video.src = "/NAME";
</script>"""


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args, page: str, told: "queue.Queue[dict]", **kwargs) -> None:
        self._page, self._told = page, told
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        if self.path != "/page":
            return super().do_GET()
        body = self._page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def do_POST(self) -> None:
        self._told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def play(file: Path, profile: Path, points: list[tuple[int, int]], wanted_s: float = 0.2) -> dict:
    """Play `file` from a page on loopback until `wanted_s`; returns what the page saw, pixels (RGBA) at `points`."""
    page = _PAGE.replace("WANTED_S", str(wanted_s)).replace("POINTS", json.dumps(points)).replace("NAME", file.name)
    told: queue.Queue[dict] = queue.Queue()
    handler = partial(_Handler, page=page, told=told, directory=str(file.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/page"
    browser = subprocess.Popen(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return told.get(timeout=HANGS_S)
    except queue.Empty:
        return {"error": "nothing was played"}
    finally:
        os.killpg(browser.pid, signal.SIGTERM)
        browser.wait(timeout=HANGS_S)
        server.shutdown()
        server.server_close()

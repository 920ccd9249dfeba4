"""Headless Chromium driven over its own protocol: pages opened, scripts run in them, pictures taken of them."""

import base64
import json
import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.waiting import HANGS_S, wait_for

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--autoplay-policy=no-user-gesture-required",
)

SHOWN = "`${location} ${JSON.stringify(document.body?.dataset)} ${document.body?.innerText}`"
"""Where a page is, and what its reader sees."""


class RefusedError(Exception):
    """The browser cannot do what it was asked for now."""


class ScriptError(Exception):
    """A script failed in the page."""


class Tab:
    """A page in a tab of its own."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.say("Network.enable")
        self.say("Runtime.enable")
        self.say("Log.enable")

    def say(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser for something; returns its answer. What the page complains about goes into `problems`,
        the addresses that it asks for into `requests`.
        """
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv(timeout=HANGS_S))
            if said.get("id") == self._number:
                if "error" in said:
                    raise RefusedError(said["error"]["message"])
                return dict(said["result"])
            self._note(said)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page, when it is there."""
        answer = self.say("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise ScriptError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait(self, script: str) -> Any:
        """The value of an expression as soon as it is one that counts as true."""
        errors: list[Exception] = []

        def look() -> Any:
            # Between two documents there is none to run a script in, and what one waits for in the first never comes.
            try:
                return self.run(script)
            except (RefusedError, ScriptError) as error:
                errors[:] = [error]
                return None

        return wait_for(look, seen_instead=lambda: f"for {script}: {self.run(SHOWN)} {self.problems} {errors}")

    def picture(self) -> bytes:
        """What the page looks like, as a PNG file."""
        return base64.b64decode(self.say("Page.captureScreenshot", format="png")["data"])

    def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        """Look at the page on a screen of this size."""
        scale = 2 if phone else 1
        self.say(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=phone
        )

    def _note(self, said: dict[str, Any]) -> None:
        parameters = said.get("params", {})
        if said.get("method") == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(parameters["exceptionDetails"]))
        if said.get("method") == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        if said.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.problems.append(parameters["entry"]["text"])


class Browser:
    """A Chromium of its own."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/json"

    @contextmanager
    def tab(self, url: str) -> Iterator[Tab]:
        """A new tab with a page in it."""
        from websockets.sync.client import connect

        made = self._ask(f"/new?{quote(url, safe='')}", method="PUT")
        with connect(made["webSocketDebuggerUrl"], max_size=None) as socket:
            tab = Tab(socket)
            tab.wait("location.protocol !== 'about:' && document.readyState === 'complete'")
            yield tab
        self._ask(f"/close/{made['id']}")

    def _ask(self, path: str, method: str = "GET") -> Any:
        with urllib.request.urlopen(urllib.request.Request(self._address + path, method=method)) as answer:
            body = answer.read()
        return json.loads(body) if body.startswith((b"{", b"[")) else None


@contextmanager
def browser(profile: Path, flags: Sequence[str] = ()) -> Iterator[Browser]:
    """Chromium with a profile in this folder, as long as the block runs."""
    assert CHROMIUM is not None
    port_file = profile / "DevToolsActivePort"
    # An earlier browser with this profile has left its own.
    port_file.unlink(missing_ok=True)
    process = subprocess.Popen(
        [CHROMIUM, *FLAGS, *flags, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        lines = wait_for(lambda: port_file.exists() and port_file.read_text().split())
        yield Browser(int(lines[0]))
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=HANGS_S)

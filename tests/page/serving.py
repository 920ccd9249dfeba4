"""A page's server on loopback with nothing behind it, a state to show, and programs that ask it."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.controls.controls import Shown
from deeplab_cv.controls.keys import Action
from deeplab_cv.controls.stage import RunState
from deeplab_cv.controls.status import Status
from deeplab_cv.frames.frame import WHOLE_INPUT, Frame, Painted, Scored, SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.overlay.view import View
from deeplab_cv.page.options import PageOptions
from deeplab_cv.page.server import PageServer
from deeplab_cv.sources.state import SourceState
from tests.waiting import HANGS_S

SIZE = Size(64, 48)
PERSON = VOC_CLASSES.index("person")
SOURCE = SourceInfo(
    "camera 0", SIZE, frame_rate=Fraction(30), frame_count=None, live=True, time_base=Fraction(1, 1_000_000)
)
STATUS = Status(
    title="camera 0",
    source=SourceState("camera 0"),
    rate=29.97,
    inference_ms=8.0,
    origin="inferred",
    latency_ms=12.0,
    live=True,
    dropped=3,
    made_by="tiny at 64x48 on opencv:cpu:float32",
    recording=False,
    message="",
)


def pixels(colour: tuple[int, int, int] = (0, 0, 255), size: Size = SIZE) -> Pixels:
    """A picture of one colour (BGR)."""
    return Pixels(image=np.full((*size.hw, 3), colour, np.uint8))


def shown(labels: np.ndarray | None = None) -> Shown:
    """A frame on the screen whose left half is a person, where nothing else is said."""
    if labels is None:
        labels = np.zeros(SIZE.hw, np.uint8)
        labels[:, : SIZE.width // 2] = PERSON
    frame = Frame(pixels(), 7, 233_333, Fraction(1, 1_000_000), time.monotonic())
    scored = Scored(
        frame,
        np.zeros((21, 3, 4), np.float32),
        area=WHOLE_INPUT,
        align_corners=False,
        class_names=VOC_CLASSES,
        made_by=STATUS.made_by,
        inference_ms=8.0,
    )
    return Shown(scored, Painted(frame, labels, pixels(), VOC_CLASSES))


def run_state(**changes: Any) -> RunState:
    """A run that has come to its first frame."""
    facts = {
        "label": "camera-0",
        "source": SOURCE,
        "source_state": SourceState("camera 0"),
        "view": View(),
        "progress": "",
        "tutorial": False,
        "status": STATUS,
        "shown": shown(),
    }
    return RunState(**(facts | changes))


class Served:
    """A server, what was asked of the run through it, and a program that asks it."""

    def __init__(self, server: PageServer, asked: list[Action]) -> None:
        self.server = server
        self.asked = asked
        self.port = urlsplit(server.link).port
        self.secure = server.link.startswith("https")

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """A request's status, headers and body; `_` in a header's name stands for `-`."""
        if self.secure:
            trusting = ssl.create_default_context()
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            line: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=HANGS_S, context=trusting
            )
        else:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANGS_S)
        try:
            line.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            line.close()

    def post(self, path: str, what: object, **headers: str) -> int:
        """The status of a request that says this in JSON."""
        return self.ask(path, "POST", json.dumps(what).encode(), **headers)[0]

    @property
    def socket_address(self) -> str:
        """Where pages watch."""
        return f"ws://127.0.0.1:{self.port}/ws"


@contextmanager
def served(**options: Any) -> Iterator[Served]:
    """A server with these options, at any free port."""
    asked: list[Action] = []
    with PageServer(PageOptions(**({"serve": "0"} | options)), asked.append) as server:
        yield Served(server, asked)

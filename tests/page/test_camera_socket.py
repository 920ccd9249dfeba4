"""A page's camera, sent to a real server."""

import struct
import time
from contextlib import contextmanager

import pytest

pytest.importorskip("uvicorn", reason="no uvicorn here: requirements-web.txt")
client = pytest.importorskip("websockets.sync.client", reason="no websockets here: requirements-web.txt")

from websockets.exceptions import ConnectionClosed

from deeplab_cv.controls.stage import encoded_jpeg
from deeplab_cv.page.options import PageOptions
from deeplab_cv.page.server import PageServer
from deeplab_cv.sources.browser_camera import BrowserCamera
from tests.page.serving import Served, pixels
from tests.waiting import HANGS_S, wait_for


@contextmanager
def taking(**options):
    """A server that takes a page's camera, and the camera."""
    camera = BrowserCamera()
    with PageServer(PageOptions(serve="0", **options), lambda action: None, camera=camera) as server:
        yield Served(server, []), camera


def sender(site, **headers):
    address = site.socket_address + "/camera"
    return client.connect(address, compression=None, additional_headers=headers)


def picture(captured_at=0.0):
    return struct.pack(">d", captured_at) + encoded_jpeg(pixels())


def test_a_page_s_picture_is_a_frame_and_the_next_one_is_asked_for():
    with taking() as (site, camera), sender(site) as page:
        page.send(picture(time.monotonic()))
        answer = page.recv(timeout=HANGS_S)
        frame = camera.source.read()

    assert answer == "next"
    assert frame.image[10, 10, 2] > 240


def test_who_leaves_makes_room_for_another_page():
    with taking() as (site, camera):
        with sender(site) as page:
            page.send(picture())
            page.recv(timeout=HANGS_S)
            with sender(site) as second, pytest.raises(ConnectionClosed) as refusal:
                second.recv(timeout=HANGS_S)
        wait_for(camera.begin)

    assert refusal.value.rcvd.code == 4009


@pytest.mark.parametrize("data", [b"", b"1234567", b"12345678", b"12345678nonsense", "text"])
def test_nonsense_ends_the_connection(data):
    with taking() as (site, camera), sender(site) as page:
        page.send(data)
        with pytest.raises(ConnectionClosed):
            page.recv(timeout=HANGS_S)
        wait_for(camera.begin)
        status = site.ask("/healthz")[0]

    assert status == 200


def test_who_may_only_watch_cannot_send():
    with taking(serve_token="controls-it", serve_view_token="watches-it") as (site, _):
        for headers in ({}, {"Authorization": "Bearer watches-it"}):
            with sender(site, **headers) as stranger, pytest.raises(ConnectionClosed) as refusal:
                stranger.recv(timeout=HANGS_S)
            assert refusal.value.rcvd.code == 1008
        with sender(site, Authorization="Bearer controls-it") as page:
            page.send(picture())
            answer = page.recv(timeout=HANGS_S)

    assert answer == "next"

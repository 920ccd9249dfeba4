"""Programs that watch through the WebSocket of a real server, some of them badly."""

import json
import socket as sockets
import struct
import time
from contextlib import ExitStack, suppress

import pytest

pytest.importorskip("uvicorn", reason="no uvicorn here: requirements-web.txt")
client = pytest.importorskip("websockets.sync.client", reason="no websockets here: requirements-web.txt")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus

from deeplab_cv.page.viewers import H264, JPEG, MP4_FRAGMENT, MP4_HEAD
from tests.page.serving import pixels, run_state, served
from tests.waiting import HANGS_S, wait_for

KINDS = {"jpeg": [JPEG], "webcodecs": [H264], "mse": [MP4_HEAD, MP4_FRAGMENT]}


@pytest.fixture
def site():
    with served(serve_viewers=8) as server:
        server.server.stage.say(run_state())
        yield server


class Page:
    """A program that watches as the page does."""

    def __init__(self, site, transport=None, **options):
        self._stack = ExitStack()
        connection = client.connect(site.socket_address, compression=None, max_size=None, **options)
        self._socket = self._stack.enter_context(connection)
        self.states, self.streams = [], []
        if transport:
            self.say(type="watch", transport=transport)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.leave()

    def leave(self):
        self._stack.close()

    def say(self, **message):
        self._socket.send(json.dumps(message))

    def picture(self, *, confirm=True):
        """The next picture or part of one: kind, whether it is a key frame, and its bytes."""
        while True:
            said = self._socket.recv(timeout=HANGS_S)
            if isinstance(said, bytes):
                if confirm and said[0] != MP4_HEAD:
                    self.say(type="took", count=1)
                return said[0], bool(said[1]), said[24:]
            said = json.loads(said)
            (self.states if said["type"] == "state" else self.streams).append(said)

    def answer(self, kind):
        """The next message of a kind."""
        while True:
            said = self._socket.recv(timeout=HANGS_S)
            if isinstance(said, str) and json.loads(said)["type"] == kind:
                return json.loads(said)

    def closed(self):
        """The code that the server closes with; 1006 where it hangs up without one."""
        with pytest.raises(ConnectionClosed) as end:
            while True:
                self._socket.recv(timeout=HANGS_S)
        return end.value.rcvd.code if end.value.rcvd else 1006


def show(site, number=0):
    """A new picture on the stage."""
    site.server.stage.show(pixels((number * 40 % 256, 0, 255)), time.monotonic())


@pytest.mark.parametrize("transport", KINDS)
def test_pictures_come_in_the_form_that_is_asked_for(site, transport):
    with Page(site, transport) as page:
        got = []
        for number in range(5):
            show(site, number)
            got.append(page.picture())

    kinds = KINDS[transport]
    assert [kind for kind, _, _ in got] == [*kinds[:-1], *[kinds[-1]] * (5 - len(kinds) + 1)]
    assert got[len(kinds) - 1][1]
    if transport != "jpeg":
        assert page.streams[0]["codec"].startswith("avc1.")


def test_a_program_is_told_the_run_s_state_and_its_role(site):
    with Page(site) as page:
        state = page.answer("state")

    assert (state["role"], state["source"]["name"], state["viewers"]) == ("controller", "camera 0", 1)


def test_clocks_are_compared_by_an_answer_at_once(site):
    with Page(site) as page:
        before = time.monotonic()
        page.say(type="ping", at=12.5)
        answer = page.answer("pong")

    assert answer["at"] == 12.5
    assert before <= answer["clock_s"] <= time.monotonic()


def test_who_rests_gets_no_pictures_and_nothing_is_encoded(site):
    with Page(site, "webcodecs") as page:
        show(site)
        page.picture()
        page.say(type="rest")
        page.say(type="ping", at=1)
        page.answer("pong")
        wait_for(lambda: b'transport="webcodecs"} 0' in site.ask("/metrics")[2])
        encoded = [line for line in site.ask("/metrics")[2].split(b"\n") if b"encoded_total " in line]
        for number in range(5):
            show(site, number)
        page.say(type="ping", at=2)
        page.answer("pong")
        later = [line for line in site.ask("/metrics")[2].split(b"\n") if b"encoded_total " in line]
        page.say(type="watch", transport="jpeg")
        kind, _, _ = page.picture()

    assert encoded == later
    assert kind == JPEG


def test_eight_watch_of_whom_one_is_stuck_and_one_dies_and_six_see_every_picture(site):
    watching = [Page(site, transport) for transport in ("webcodecs", "mse", "jpeg") * 2]
    stuck, dying = Page(site, "webcodecs"), Page(site, "webcodecs")
    for page in (*watching, stuck, dying):
        page.answer("state")
    counts = []
    for number in range(60):
        show(site, number)
        if number == 10:
            # Gone without a word, as when its machine loses power.
            raw = dying._socket.socket
            raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()
        counts = [page.picture()[0] for page in watching]

    assert counts == [H264, MP4_FRAGMENT, JPEG] * 2
    wait_for(lambda: b'transport="webcodecs"} 3' in site.ask("/metrics")[2])
    for page in (*watching, stuck, dying):
        page.leave()


def test_the_ninth_is_told_that_there_are_enough_and_who_goes_makes_room(site):
    pages = [Page(site) for _ in range(8)]
    for page in pages:
        page.answer("state")

    ninth = Page(site)
    code = ninth.closed()
    pages.pop().leave()
    wait_for(lambda: pages[0].answer("state")["viewers"] == 7)
    with Page(site) as again:
        state = again.answer("state")
    for page in pages:
        page.leave()

    assert code == 4003
    assert state["viewers"] == 8


NONSENSE = (
    "",
    "nonsense",
    "[]",
    "{}",
    "[" * 400,
    '{"type": "watch"}',
    '{"type": "watch", "transport": "smoke"}',
    '{"type": "took", "count": -1}',
    '{"type": "took", "count": 1e9}',
    '{"type": "ping"}',
    '{"type": "' + "x" * 600,
)


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_ends_the_connection_and_nothing_else(site, text):
    with Page(site) as page:
        page._socket.send(text)
        code = page.closed()

    assert code == 1008
    assert site.ask("/healthz")[0] == 200


def test_a_message_that_is_far_too_long_ends_the_connection(site):
    with Page(site) as page:
        # The server may hang up before all of it is sent.
        with suppress(ConnectionClosed):
            page._socket.send("x" * (1 << 21))
        code = page.closed()

    assert code in (1009, 1006)
    assert site.ask("/healthz")[0] == 200


def test_a_flood_of_messages_ends_the_connection(site):
    with Page(site) as page:
        with pytest.raises(ConnectionClosed):
            for _ in range(100_000):
                page.say(type="took", count=1)
        code = page.closed()

    assert code in (1008, 1006)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.text(max_size=60) | st.binary(max_size=60), max_size=5))
def test_no_message_breaks_the_server(site, messages):
    with Page(site) as page, suppress(ConnectionClosed):
        for message in messages:
            page._socket.send(message)

    assert site.ask("/healthz")[0] == 200


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.org"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_page_cannot_watch(site, headers):
    with pytest.raises(InvalidStatus) as refusal:
        Page(site, additional_headers=headers)

    assert refusal.value.response.status_code == 403


def test_a_name_that_was_made_to_lead_here_cannot_watch(site):
    with sockets.create_connection(("127.0.0.1", site.port)) as line:
        line.sendall(
            b"GET /ws HTTP/1.1\r\nHost: evil.org\r\nOrigin: http://evil.org\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 403")


def test_a_stranger_cannot_watch_and_a_viewer_is_told_that_he_is_one():
    with served(serve_token="controls-it", serve_view_token="watches-it") as site:
        site.server.stage.say(run_state())
        with Page(site) as stranger:
            code = stranger.closed()
        with Page(site, additional_headers={"Authorization": "Bearer watches-it"}) as page:
            role = page.answer("state")["role"]

    assert (code, role) == (1008, "viewer")

"""Routes of a real server, asked by a real client."""

import io
import json
import socket
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

pytest.importorskip("starlette", reason="no starlette here: requirements-web.txt")
pytest.importorskip("uvicorn", reason="no uvicorn here: requirements-web.txt")

from deeplab_cv.controls.keys import PaintClass, SetView
from tests.page.serving import pixels, run_state, served
from tests.waiting import wait_for

TOKENS = {"serve_token": "controls-it", "serve_view_token": "watches-it"}
WATCHED = ("/api/state", "/api/controls", "/metrics", "/snapshot.jpg", "/stream.mjpg")


@pytest.fixture(scope="module")
def site():
    with served() as server:
        server.server.stage.show(pixels(), 0.0)
        server.server.stage.say(run_state())
        yield server


@pytest.fixture(scope="module")
def guarded():
    with served(**TOKENS) as server:
        server.server.stage.show(pixels(), 0.0)
        server.server.stage.say(run_state())
        yield server


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/static/style.css", "/static/icon.svg"])
def test_the_page_and_its_parts_are_there(site, path):
    status, headers, body = site.ask(path)

    assert status == 200 and body
    assert "text/html" in headers["content-type"] or path != "/"
    assert "javascript" in headers["content-type"] or not path.endswith(".js")


@pytest.mark.parametrize("path", ["/static/../options.py", "/static/%2e%2e/options.py", "/static/", "/nothing", "//"])
def test_nothing_else_is(site, path):
    assert site.ask(path)[0] in (404, 405)


def test_programs_read_the_run_s_state(site):
    status, headers, body = site.ask("/api/state")

    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body)["source"]["name"] == "camera 0"
    assert json.loads(body)["running"]["rate"] == 29.97


def test_prometheus_reads_figures(site):
    status, headers, body = site.ask("/metrics")

    assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'deeplab_cv_frames_a_second{source="camera-0"} 29.97' in body.decode()
    assert 'deeplab_cv_viewers{transport="webcodecs"} 0' in body.decode()


def test_the_snapshot_is_the_newest_picture_and_can_be_downloaded(site):
    status, headers, body = site.ask("/snapshot.jpg")
    picture = Image.open(io.BytesIO(body))

    assert status == 200 and headers["content-disposition"] is None
    assert picture.size == (64, 48) and picture.getpixel((10, 10))[0] > 240
    assert "attachment" in site.ask("/snapshot.jpg?download")[1]["content-disposition"]


def test_before_the_first_picture_there_is_no_snapshot():
    with served() as early:
        status, _, body = early.ask("/snapshot.jpg")

    assert (status, json.loads(body)) == (503, {"error": "there is no picture yet"})


def test_health_is_told_to_anybody(guarded):
    assert guarded.ask("/healthz")[::2] == (200, b"ok\n")


def test_what_is_asked_for_reaches_the_run(site):
    site.asked.clear()
    statuses = [
        site.post("/api/action", each) for each in ({"action": "style"}, {"paint": 2}, {"values": {"alpha": 1}})
    ]

    assert statuses == [202, 202, 202]
    assert site.asked == ["style", PaintClass(2), SetView(alpha=1.0)]


def test_what_cannot_be_done_is_refused_with_the_reason_and_does_not_reach_the_run(site):
    site.asked.clear()
    status, _, body = site.ask("/api/action", "POST", b'{"action": "explode"}')

    assert status == 400 and "action" in json.loads(body)["error"]
    assert site.post("/api/action", {"action": "x" * 5000}) == 400
    assert site.ask("/api/action")[0] == 405
    assert site.asked == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
requests = st.dictionaries(st.sampled_from(["action", "paint", "values", "painted", "other"]), json_values, max_size=3)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300) | requests.map(lambda each: json.dumps(each).encode()))
def test_no_request_breaks_the_server_or_reaches_the_run_unread(site, body):
    site.asked.clear()
    status, _, _ = site.ask("/api/action", "POST", body)

    assert status in (202, 400, 429)
    assert (status == 202) == bool(site.asked)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), max_size=40),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]),
)
def test_no_address_breaks_the_server(site, path, method):
    assert site.ask("/" + path.replace("#", ""), method)[0] < 500


def test_a_flood_of_requests_is_slowed_down(monkeypatch):
    monkeypatch.setattr("deeplab_cv.page.site._ACTIONS_A_SECOND", 0.001)
    with served() as site:
        statuses = [site.post("/api/action", {"action": "line"}) for _ in range(3)]

    assert statuses == [202, 429, 429]
    assert len(site.asked) == 1


@pytest.mark.parametrize("path", WATCHED)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong-one"}, {"Cookie": "deeplab-cv-1=controls-it"}])
def test_a_stranger_sees_nothing(guarded, path, headers):
    status, _, body = guarded.ask(path, **headers)

    assert status == 401 and b"token" in body


def test_a_token_opens_by_header_address_and_cookie(guarded):
    cookie = f"deeplab-cv-{guarded.port}=watches-it"

    assert guarded.ask("/api/state", Authorization="Bearer watches-it")[0] == 200
    assert guarded.ask("/api/state?token=watches-it")[0] == 200
    assert guarded.ask("/api/state", Cookie=cookie)[0] == 200


def test_only_the_token_for_control_controls(guarded):
    guarded.asked.clear()
    statuses = [
        guarded.post("/api/action", {"action": "line"}, **headers)
        for headers in ({}, {"Authorization": "Bearer watches-it"}, {"Authorization": "Bearer controls-it"})
    ]

    assert statuses == [401, 403, 202]
    assert guarded.asked == ["line"]


def test_a_link_s_token_becomes_a_cookie_that_scripts_cannot_read(guarded):
    status, headers, body = guarded.ask("/api/token", "POST", b'{"token": "watches-it"}')

    assert (status, json.loads(body)) == (200, {"role": "viewer"})
    assert headers["set-cookie"].startswith(f"deeplab-cv-{guarded.port}=watches-it;")
    assert "httponly" in headers["set-cookie"].lower() and "samesite=strict" in headers["set-cookie"].lower()


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"token": 1}', b'{"token": ""}', b'{"token": "wrong-one"}'])
def test_a_wrong_token_becomes_no_cookie(guarded, body):
    status, headers, _ = guarded.ask("/api/token", "POST", body)

    assert status in (400, 401)
    assert headers["set-cookie"] is None


def test_who_is_asked_for_the_role_says_it(guarded, site):
    def role(server, **headers):
        return json.loads(server.ask("/api/role", **headers)[2])["role"]

    assert role(site) == "controller"
    assert role(guarded) is None
    assert role(guarded, Authorization="Bearer watches-it") == "viewer"


def test_mjpeg_is_a_stream_of_the_newest_pictures(site):
    from http.client import HTTPConnection

    line = HTTPConnection("127.0.0.1", site.port)
    line.request("GET", "/stream.mjpg")
    answer = line.getresponse()
    kind = answer.headers["content-type"]
    colours = []
    for colour in ((255, 0, 0), (0, 255, 0)):
        site.server.stage.show(pixels(colour), 0.0)
        while not colours or colours[-1] != colour:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += answer.read(1)
            length = int(head.lower().split(b"content-length:")[1].split()[0])
            picture = Image.open(io.BytesIO(answer.read(length)))
            red, green, blue = picture.getpixel((5, 5))
            colours.append(tuple(255 if each > 200 else 0 for each in (blue, green, red)))
    line.close()

    assert kind.startswith("multipart/x-mixed-replace; boundary=")
    assert {(255, 0, 0), (0, 255, 0)} <= set(colours)


def test_only_so_many_may_watch():
    from http.client import HTTPConnection

    with served(serve_viewers=1) as site:
        site.server.stage.show(pixels(), 0.0)
        line = HTTPConnection("127.0.0.1", site.port)
        line.request("GET", "/stream.mjpg")
        first = line.getresponse().status
        second = site.ask("/stream.mjpg")[0]
        line.close()

    assert (first, second) == (200, 503)


def test_one_picture_is_painted_though_nobody_looked_before():
    with served() as site:
        stage = site.server.stage
        stage.show(pixels((0, 0, 0)), 0.0, passed=True)
        painting = threading.Thread(target=lambda: (wait_for(lambda: stage.watched), stage.show(pixels(), 0.0)))
        painting.start()
        picture = Image.open(io.BytesIO(site.ask("/snapshot.jpg")[2]))
        painting.join()

    assert picture.getpixel((5, 5))[0] > 200


def test_who_reads_motion_jpeg_watches_until_he_goes():
    with served() as site:
        stage = site.server.stage
        stage.show(pixels(), 0.0)
        with socket.create_connection(("127.0.0.1", site.port)) as program:
            program.sendall(f"GET /stream.mjpg HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n\r\n".encode())
            wait_for(stage.audience)
        wait_for(lambda: not stage.audience())

    assert stage.picture.number == 1

import json
import logging
import queue
import socket
import threading
from http.client import HTTPConnection

import pytest

pytest.importorskip("uvicorn", reason="no uvicorn here: requirements-web.txt")

from deeplab_cv.errors import UsageError, UserError
from deeplab_cv.page.certificate import self_signed
from deeplab_cv.page.options import PageOptions
from deeplab_cv.page.server import PageServer
from deeplab_cv.sinks.shared_stream import SharedStream
from tests.page.serving import pixels, served
from tests.waiting import HANGS_S, wait_for


def nobody(action):
    raise AssertionError(action)


def test_the_page_goes_with_the_run_and_leaves_no_thread_and_no_port():
    with served() as site:
        status, _, _ = site.ask("/healthz")
    for thread in threading.enumerate():
        if thread.name in ("page", "shared encoder"):
            thread.join(HANGS_S)
            assert not thread.is_alive()

    assert status == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", site.port))


def test_a_stream_that_a_recording_shares_has_the_page_s_pictures_and_outlives_the_page():
    pieces = queue.Queue()
    stream = SharedStream()
    stream.deliver_to(pieces.put)
    stream.watch("recorder", watched=True)
    with PageServer(PageOptions(serve="0"), nobody, stream=stream) as server:
        server.stage.show(pixels(), 1.0)
        before = pieces.get(timeout=HANGS_S)
    stream.show(pixels(), 2.0)
    after = wait_for(lambda: (each := pieces.get(timeout=HANGS_S)).since_s == 2.0 and each)
    stream.close()

    assert before.since_s == 1.0
    assert before.encoder == after.encoder


def test_a_port_that_is_taken_is_one_line():
    with served() as site, pytest.raises(UserError, match="cannot be served") as refusal:
        PageServer(PageOptions(serve=str(site.port)), nobody)

    assert "name another port" in str(refusal.value)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_this_machine_s_is_one_line(host):
    with pytest.raises(UserError, match=host):
        PageServer(PageOptions(serve=f"{host}:8000"), nobody)


def test_on_this_machine_the_link_is_bare(caplog):
    caplog.set_level(logging.INFO)
    with served() as site:
        link = site.server.link

    assert f"the page: {link}" in caplog.text
    assert "#" not in caplog.text


def test_for_others_the_link_has_the_token_that_was_made_and_it_opens(caplog):
    caplog.set_level(logging.INFO)
    with served(serve="0.0.0.0:0") as site:
        token = caplog.text.partition("/#")[2].split()[0]
        without = site.ask("/api/state")[0]
        opened = site.ask("/api/token", "POST", json.dumps({"token": token}).encode())

    assert without == 401
    assert (opened[0], json.loads(opened[2])) == (200, {"role": "controller"})


def test_a_token_that_was_given_is_printed_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    with served(serve_token="controls-it", serve_view_token="watches-it") as site:
        for path in ("/api/state?token=controls-it", "/?token=watches-it", "/nothing?token=controls-it"):
            site.ask(path)

    assert "the page:" in caplog.text
    assert "controls-it" not in caplog.text and "watches-it" not in caplog.text


def test_https_with_a_certificate_of_its_own():
    with served(tls_self_signed=True, serve_token="controls-it") as site:
        status, _, _ = site.ask("/healthz")
        _, headers, _ = site.ask("/api/token", "POST", b'{"token": "controls-it"}')

    assert site.server.link.startswith("https://") and status == 200
    assert "secure" in headers["set-cookie"].lower()


def test_https_with_a_certificate_that_is_given(tmp_path):
    pem = self_signed([]).certificate.read_bytes()
    key_at = pem.index(b"-----BEGIN PRIVATE")
    (tmp_path / "cert.pem").write_bytes(pem[:key_at])
    (tmp_path / "key.pem").write_bytes(pem[key_at:])

    with served(tls_cert=str(tmp_path / "cert.pem"), tls_key=str(tmp_path / "key.pem")) as site:
        assert site.ask("/healthz")[0] == 200


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tls_cert": "cert.pem"}, "go together"),
        ({"tls_key": "key.pem"}, "go together"),
        ({"tls_cert": "nothing.pem", "tls_key": "nothing.pem"}, "no certificate"),
        ({"tls_cert": __file__, "tls_key": __file__}, "no certificate"),
        ({"tls_cert": "a", "tls_key": "b", "tls_self_signed": True}, "two certificates"),
        ({"serve": "nonsense"}, "not an address"),
        ({"serve_token": "short"}, "token"),
    ],
)
def test_what_does_not_fit_together_is_one_line(options, words):
    with pytest.raises(UsageError, match=words):
        PageServer(PageOptions(**({"serve": "0"} | options)), nobody)


def test_a_program_that_reads_motion_jpeg_does_not_keep_the_run_from_ending():
    with served() as site:
        site.server.stage.show(pixels(), 0.0)
        line = HTTPConnection("127.0.0.1", site.port)
        line.request("GET", "/stream.mjpg")
        line.getresponse()
    alive = [thread for thread in threading.enumerate() if thread.name == "page" and thread.is_alive()]
    line.close()

    assert alive == []

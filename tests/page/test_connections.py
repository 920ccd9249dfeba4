"""Who connects and asks nothing has no place for long; who asks and listens keeps it."""

import socket
from contextlib import ExitStack

import pytest

pytest.importorskip("uvicorn", reason="no uvicorn here: requirements-web.txt")

from deeplab_cv.page import connections
from tests.page.serving import run_state, served
from tests.waiting import wait_for

REQUEST = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connect(site):
    return socket.create_connection(("127.0.0.1", site.port), 0.05)


def is_closed(line, said=b""):
    """Say something; whether the other end has hung up."""
    try:
        line.sendall(said)
        return line.recv(1000) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize(
    ("first", "then"),
    [(b"", b""), (b"GET /", b"a"), (REQUEST % b"/healthz" + b"GET /", b"a")],
    ids=["silent", "a byte now and then", "the same after a request"],
)
def test_who_brings_no_whole_request_is_let_go(monkeypatch, first, then):
    monkeypatch.setattr(connections, "PATIENCE_S", 0.2)
    with served() as site, connect(site) as line:
        line.sendall(first)

        assert wait_for(lambda: is_closed(line, then))


def test_who_listens_keeps_his_connection(monkeypatch):
    monkeypatch.setattr(connections, "PATIENCE_S", 0.2)
    with served() as site, connect(site) as line:
        site.server.stage.say(run_state())
        line.sendall(REQUEST % b"/stream.mjpg")
        for _ in range(3):
            with connect(site) as silent:
                wait_for(lambda silent=silent: is_closed(silent))

        assert not is_closed(line)


def test_of_a_crowd_only_so_many_are_let_in(monkeypatch):
    monkeypatch.setattr(connections, "PATIENCE_S", 1e6)
    with served(serve_viewers=1) as site, ExitStack() as stack:
        lines = [stack.enter_context(connect(site)) for _ in range(100)]
        # Four for each who may watch and 32 more may ask, and as many may wait until they are told to come later.
        wait_for(lambda: sum(map(is_closed, lines)) == 100 - 2 * 36)
        stack.close()

        assert wait_for(lambda: site.ask("/healthz")[0] == 200)

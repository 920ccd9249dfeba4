import http.server
import json
import socket
import threading

import pytest

from deeplab_cv.errors import UsageError
from deeplab_cv.events.webhook import Webhook, check_address
from tests.waiting import HANGS_S, wait_for

RECORD = {"source": "camera 0", "peak_share": 0.25}
SOON = (0.01,) * 5


class Listener:
    """A web server on loopback that answers with one status after another, the last for ever."""

    def __init__(self, *statuses):
        self.got, self.headers = [], []
        statuses = list(statuses)
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                listener.headers.append(self.headers)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.got.append((self.path, json.loads(body)))
                self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST  # noqa: N815 - its name is the standard library's

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/event"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


def test_a_record_is_posted_as_json():
    with Listener(200) as listener:
        hook = Webhook(listener.url)
        hook.post(RECORD)
        hook.close(HANGS_S)

    assert listener.got == [("/event", RECORD)]
    assert listener.headers[0]["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_what_a_server_cannot_take_now_is_posted_again(status):
    with Listener(status, status, 204) as listener:
        hook = Webhook(listener.url, retries_s=SOON)
        hook.post(RECORD)
        wait_for(lambda: len(listener.got) == 3)
        hook.close(HANGS_S)

    assert [record for _, record in listener.got] == [RECORD] * 3


@pytest.mark.parametrize("status", [400, 401, 404, 301, 302, 307])
def test_what_a_server_refuses_is_not_posted_again_nor_elsewhere(status, caplog):
    with Listener(status) as listener:
        hook = Webhook(listener.url, retries_s=SOON)
        hook.post(RECORD)
        hook.close(HANGS_S)

    assert [path for path, _ in listener.got] == ["/event"]
    assert f"it answered {status}" in caplog.text


def test_events_come_in_order_also_after_one_that_was_given_up():
    with Listener(500, 500, 200) as listener:
        hook = Webhook(listener.url, retries_s=(0.01,))
        hook.post({"number": 1})
        hook.post({"number": 2})
        hook.close(HANGS_S)

    assert [record["number"] for _, record in listener.got][-1] == 2


def test_a_server_that_never_answers_is_not_waited_for(caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hook = Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=HANGS_S)
        hook.post(RECORD)
        wait_for(lambda: hook_threads())
        hook.close(0.01)

    assert "did not answer in time" in caplog.text


def test_whoever_is_hurried_waits_for_no_answer(caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hook = Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=HANGS_S)
        hook.post(RECORD)
        wait_for(lambda: hook_threads())
        hook.hurry()
        hook.close(HANGS_S)
        still_waits = hook_threads()

    assert still_waits
    assert "did not answer in time" in caplog.text


def test_a_silent_server_costs_its_time_out_and_no_more(caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hook = Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=0.05, retries_s=(0.01,))
        hook.post(RECORD)
        wait_for(lambda: "not told of an event" in caplog.text)
        hook.close(HANGS_S)


def hook_threads():
    return [thread for thread in threading.enumerate() if thread.name == "webhook"]


def test_nobody_listens_and_the_run_goes_on(caplog):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    hook = Webhook(f"http://me:word@127.0.0.1:{port}/?token=secret", retries_s=())
    hook.post(RECORD)
    hook.close(HANGS_S)

    assert "not told of an event" in caplog.text
    assert "word" not in caplog.text and "secret" not in caplog.text


def test_user_and_password_go_into_a_header():
    with Listener(200) as listener:
        hook = Webhook(listener.url.replace("//", "//me:w%40rd@"))
        hook.post(RECORD)
        hook.close(HANGS_S)

    assert listener.headers[0]["Authorization"] == "Basic bWU6d0ByZA=="


def test_an_address_in_another_script_is_told_too():
    with Listener(200) as listener:
        hook = Webhook(f"{listener.url}/tür?wo=küche&zeit=1%2C2")
        hook.post(RECORD)
        hook.post(RECORD)
        hook.close(HANGS_S)

    assert listener.got == [("/event/t%C3%BCr?wo=k%C3%BCche&zeit=1%2C2", RECORD)] * 2


def test_of_too_many_the_oldest_are_given_up(caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hook = Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=HANGS_S)
        for number in range(110):
            hook.post({"number": number})
        hook.close(0.01)

    assert "too many events" in caplog.text


@pytest.mark.parametrize(
    "url", ["http://localhost:8123/event", "https://me:word@example.org/?a=b", "http://tür/ö", "http://[::1]:8/"]
)
def test_addresses_of_web_servers_are_taken(url):
    check_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8123",
        "ftp://host/",
        "http://",
        "http://:80/",
        "http://host:99999/",
        "http://a b/",
        "",
        "http://[x",
        f"http://{'a' * 64}/",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(UsageError, match="no address of a web server"):
        check_address(url)

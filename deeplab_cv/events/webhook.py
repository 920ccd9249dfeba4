"""Tells an address of each event: the record, posted as JSON, again where that fails, and nobody waits for it."""

import base64
import json
import logging
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from deeplab_cv.errors import UsageError
from deeplab_cv.machine.urls import without_secrets
from deeplab_cv.version import VERSION

_log = logging.getLogger(__name__)

_TIMEOUT_S = 5.0
_RETRIES_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses before another try; after the last one the event is given up."""

_MOST_WAITING = 100
"""Events; of more, while the address does not answer, the oldest are forgotten."""

_TRY_AGAIN = (408, 425, 429)
"""What a server refuses for now only, beside its own faults from 500 on."""


def check_address(url: str) -> None:
    """Raises UsageError where an address is none that JSON can be posted to."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        _host_in_ascii(parts.netloc)
    except ValueError:
        usable = False
    if not usable or any(sign.isspace() or not sign.isprintable() for sign in url):
        remedy = "name one such as http://localhost:8123/event"
        raise UsageError("this is no address of a web server", f"--on-event {without_secrets(url)}", remedy)


class Webhook:
    """Posts records to an address, in a thread of its own, one after the other."""

    def __init__(self, url: str, *, retries_s: Sequence[float] = _RETRIES_S, timeout_s: float = _TIMEOUT_S) -> None:
        """Nothing is posted yet.

        Args:
            url: an address that `check_address` takes.
            retries_s: pauses before another try, in seconds.
            timeout_s: how long an answer may take.
        """
        self._url, self._headers = _address_and_headers(url)
        self._shown = without_secrets(url)
        self._retries_s = retries_s
        self._timeout_s = timeout_s
        # A server that sends somewhere else would be asked there without the record.
        self._opener = urllib.request.build_opener(_NoRedirects)
        self._waiting: queue.Queue[bytes | None] = queue.Queue()
        self._ending = threading.Event()
        self._over = threading.Event()
        self._all_told = False
        self._thread: threading.Thread | None = None

    def post(self, record: Mapping[str, Any]) -> None:
        """Have a record posted; returns at once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="webhook", daemon=True)
            self._thread.start()
        self._waiting.put(json.dumps(record).encode())
        while self._waiting.qsize() > _MOST_WAITING:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                break
            _log.warning("%s: too many events wait for it, one is given up", self._shown)

    def close(self, wait_s: float) -> None:
        """Post what still waits, without further pauses, for so long at most."""
        if self._thread is None:
            return
        self._ending.set()
        self._waiting.put(None)
        self._over.wait(wait_s)
        if not self._all_told:
            _log.warning("%s: not told of every event, it did not answer in time", self._shown)

    def hurry(self) -> None:
        """Wait for no answer any more; from any thread."""
        self._over.set()

    def _work(self) -> None:
        while (body := self._waiting.get()) is not None:
            problem = self._problem_with(body)
            for pause_s in self._retries_s:
                if problem is None or not problem.may_pass or self._ending.wait(pause_s):
                    break
                problem = self._problem_with(body)
            if problem is not None:
                _log.warning("%s: not told of an event (%s)", self._shown, problem.text)
        self._all_told = True
        self._over.set()

    def _problem_with(self, body: bytes) -> "_Problem | None":
        """Post once; returns why that failed, None where it did not."""
        request = urllib.request.Request(self._url, body, self._headers, method="POST")
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                answer.read(1)
        except urllib.error.HTTPError as error:
            error.close()
            return _Problem(text=f"it answered {error.code}", may_pass=error.code >= 500 or error.code in _TRY_AGAIN)
        except urllib.error.URLError as error:
            return _Problem(text=str(error.reason), may_pass=True)
        except (OSError, HTTPException) as error:
            return _Problem(text=str(error) or type(error).__name__, may_pass=True)
        except ValueError as error:
            # An answer that makes no sense: the thread has other events to tell.
            return _Problem(text=str(error), may_pass=False)
        return None


@dataclass(frozen=True, kw_only=True)
class _Problem:
    text: str
    may_pass: bool


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: what is raised names the answer."""


def _address_and_headers(url: str) -> tuple[str, dict[str, str]]:
    """The address without user and password, and the headers, which hold them."""
    parts = urlsplit(url)
    headers = {"Content-Type": "application/json", "User-Agent": f"deeplab-cv/{VERSION}"}
    user, at, _ = parts.netloc.rpartition("@")
    if at:
        name, _, word = user.partition(":")
        secret = base64.b64encode(f"{unquote(name)}:{unquote(word)}".encode()).decode()
        headers["Authorization"] = f"Basic {secret}"
    path, query = (quote(part, safe="%/:;=?@!$&'()*+,~") for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme, _host_in_ascii(parts.netloc), path, query, "")), headers


def _host_in_ascii(place: str) -> str:
    """Host and port as the network has them. Raises ValueError where they are no name of a host."""
    return place.rpartition("@")[2].encode("idna").decode("ascii")

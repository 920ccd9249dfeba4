"""The page's server: uvicorn in a thread of its own, which the run neither waits for nor fails with."""

import asyncio
import contextlib
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from deeplab_cv.controls.keys import Action
from deeplab_cv.controls.stage import Stage
from deeplab_cv.errors import UsageError, UserError
from deeplab_cv.machine.installed import how_to_install
from deeplab_cv.page.access import Access, Tokens, wanted_tokens
from deeplab_cv.page.address import ServeAddress, parse_address
from deeplab_cv.page.certificate import Certificate, self_signed
from deeplab_cv.page.options import PageOptions
from deeplab_cv.sinks.shared_stream import Chunk, SharedStream
from deeplab_cv.sources.browser_camera import BrowserCamera

_log = logging.getLogger(__name__)

_SEND_BUFFER = 1 << 18
"""What the system holds for a slow program that reads /stream.mjpg: old pictures, which are better never sent."""

_MOST_MESSAGE = 1 << 20
_START_S, _END_S = 10.0, 1.5


class PageServer:
    """Serves a stage on a page; a context manager that lets go of the port.

    Attributes:
        stage: what is shown.
        link: where the page is, with the token where one was made.
    """

    def __init__(
        self,
        options: PageOptions,
        ask: Callable[[Action], None],
        *,
        camera: BrowserCamera | None = None,
        stream: SharedStream | None = None,
    ) -> None:
        """Take the port; nothing is served yet.

        Args:
            options: where, and who may see it.
            ask: hands the run what a page asks for; called from the server's thread.
            camera: what a page's camera is sent to; None where the run has another source.
            stream: what encodes the stage's pictures; None for one of its own.

        Raises:
            UsageError: the options do not fit together, or packages are missing.
            UserError: the address cannot be had.
        """
        _need_packages()
        address = parse_address(str(options.serve))
        tokens = wanted_tokens(options, address)
        self.stage = Stage()
        self._certificate = _certificate_of(options, address)
        self._socket = _listening(address)
        self._address = ServeAddress(address.host, self._socket.getsockname()[1])
        self._options, self._tokens, self._ask, self._camera = options, tokens, ask, camera
        self._stream = stream
        self._ready = threading.Event()
        self._stop: Callable[[], None] = _nothing
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)
        scheme = "https" if self._certificate else "http"
        self.link = f"{scheme}://{self._address.link_host()}:{self._address.port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(_START_S)
        for line in links(self.link, self._tokens):
            _log.info("%s", line)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._thread.join(_END_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:
            # The run goes on without its page.
            _log.exception("the page is gone")
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        import uvicorn

        from deeplab_cv.page.connections import HurriedProtocol
        from deeplab_cv.page.site import PageRoutes
        from deeplab_cv.page.viewers import Viewers

        loop = asyncio.get_running_loop()

        def in_loop(call: Callable[[], None]) -> None:
            # The run may bring a last picture while the server has ended.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(call)

        def deliver(chunk: Chunk) -> None:
            in_loop(lambda: viewers.offer(chunk))

        def show() -> None:
            picture = self.stage.picture
            if picture is not None:
                stream.show(picture.pixels, picture.since_s)

        stream = self._stream or SharedStream()
        stream.deliver_to(deliver)
        viewers = Viewers(self._options.serve_viewers, stream)
        self.stage.listen(show)
        self.stage.listen(lambda: in_loop(viewers.wake))
        self.stage.audience = lambda: viewers.anybody
        site = PageRoutes(
            stage=self.stage,
            stream=stream,
            viewers=viewers,
            access=Access(self._address, self._tokens),
            ask=self._ask,
            camera=self._camera,
            cookie=f"deeplab-cv-{self._address.port}",
            secure=self._certificate is not None,
        )
        certificate = self._certificate
        config = uvicorn.Config(
            site.app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            server_header=False,
            http=HurriedProtocol,
            ws="websockets-sansio",
            ws_max_size=_MOST_MESSAGE,
            ws_per_message_deflate=False,
            limit_concurrency=4 * self._options.serve_viewers + 32,
            timeout_graceful_shutdown=1,
            ssl_certfile=certificate.certificate if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
        )
        server = uvicorn.Server(config)

        def stop() -> None:
            # Motion JPEG never ends by itself: nobody's answer is waited for.
            server.should_exit = server.force_exit = True

        self._stop = stop
        loop.call_soon(self._ready.set)
        try:
            await server.serve(sockets=[self._socket])
        finally:
            stream.watch("page", watched=False)
            if stream is not self._stream:
                stream.close()


def links(link: str, tokens: Tokens) -> list[str]:
    """What the user is told of the page: where it is, with a token that was made here, never with one of theirs."""
    if not tokens.made:
        return [f"the page: {link}{'' if tokens.control is None else '#TOKEN, with the token in its place'}"]
    return [f"the page: {link}#{tokens.control} (who has this link may control the run)"]


def _nothing() -> None:
    """Nothing is to be stopped yet."""


def _need_packages() -> None:
    for name in ("starlette", "uvicorn", "websockets"):
        if find_spec(name) is None:
            raise UsageError("a package of the page is missing", name, how_to_install("web"))


def _certificate_of(options: PageOptions, address: ServeAddress) -> Certificate | None:
    """The certificate for HTTPS; None for plain HTTP. Raises UsageError where what is named is none."""
    if options.tls_cert is None and options.tls_key is None:
        return self_signed([address.link_host()]) if options.tls_self_signed else None
    if options.tls_self_signed:
        raise UsageError("there are two certificates", "--tls-self-signed and --tls-cert", "name one")
    if options.tls_cert is None or options.tls_key is None:
        raise UsageError("a certificate and its key go together", "--tls-cert and --tls-key", "name both")
    certificate = Certificate(Path(options.tls_cert), Path(options.tls_key))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate.certificate, certificate.key)
    except OSError as error:
        files = f"{certificate.certificate} and {certificate.key}"
        raise UsageError("no certificate with its key", files, "name two files in PEM", cause=error.strerror) from error
    return certificate


def _listening(address: ServeAddress) -> socket.socket:
    """A socket that listens there. Raises UserError where it cannot be had."""
    where = f"--serve {address.host}:{address.port}"
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        remedy = "name an address of this machine, such as 127.0.0.1 or 0.0.0.0"
        raise UserError("no such address", where, remedy, cause=error.strerror) from error
    try:
        if os.name == "posix":
            # Elsewhere it would let a second program take the same port.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        # Of each connection: a phone that has left the network says no goodbye.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listening.bind(place)
        listening.listen(64)
    except OSError as error:
        listening.close()
        remedy = "name another port, or 0 for any that is free"
        raise UserError("the page cannot be served", where, remedy, cause=error.strerror) from error
    return listening

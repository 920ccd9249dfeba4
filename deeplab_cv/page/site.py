"""What the server answers: the page itself, pictures and figures for other programs, and what controls the run."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from deeplab_cv.controls.keys import Action
from deeplab_cv.controls.stage import Picture, Stage
from deeplab_cv.page.access import Access, RateLimit, Role, tokens_in
from deeplab_cv.page.camera_socket import attend_camera
from deeplab_cv.page.guard import Guard
from deeplab_cv.page.report import Metric, controls_table, metrics_of, prometheus_text, state_json
from deeplab_cv.page.requests import MOST_BYTES, action_of
from deeplab_cv.page.socket import attend_viewer
from deeplab_cv.page.viewers import TRANSPORTS, Viewers
from deeplab_cv.sinks.shared_stream import SharedStream
from deeplab_cv.sources.browser_camera import BrowserCamera

STATIC = Path(__file__).parent / "static"

Answer = Callable[[Request], Awaitable[Response]]

_ACTIONS_A_SECOND = 30
_BODY_S = 10.0
_BOUNDARY = "deeplab-cv-picture"
_PAINTING_S, _LOOK_S = 3.0, 0.01
"""How long a painted picture is waited for where nobody looked until now, and how often it is looked for."""

_STANDING_S = 1.0
"""A picture that stands still is sent again after so long, so that no program takes the stream for dead."""


class PageRoutes:
    """The server's routes; all of it runs in the server's thread.

    Attributes:
        app: what uvicorn serves.
    """

    def __init__(
        self,
        *,
        stage: Stage,
        stream: SharedStream,
        viewers: Viewers,
        access: Access,
        ask: Callable[[Action], None],
        camera: BrowserCamera | None,
        cookie: str,
        secure: bool,
    ) -> None:
        """Routes of one server.

        Args:
            stage: what is on the screen.
            stream: the shared one.
            viewers: who watches.
            access: who may.
            ask: hands an action to the run.
            camera: what a page's camera is sent to; None where the run has another source.
            cookie: the name of the token's cookie; of its own for each port, as cookies know no ports.
            secure: it is HTTPS.
        """
        self._stage, self._stream, self._viewers, self._access = stage, stream, viewers, access
        self._ask, self._camera, self._cookie, self._secure = ask, camera, cookie, secure
        self._actions = RateLimit(_ACTIONS_A_SECOND)
        routes = [
            Route("/", self._page),
            Route("/healthz", self._healthz),
            Route("/api/token", self._token, methods=["POST"]),
            Route("/api/role", self._role),
            Route("/api/state", self._for("viewer", self._state)),
            Route("/api/controls", self._for("viewer", self._controls)),
            Route("/api/action", self._for("controller", self._action), methods=["POST"]),
            Route("/metrics", self._for("viewer", self._metrics)),
            Route("/snapshot.jpg", self._for("viewer", self._snapshot)),
            Route("/stream.mjpg", self._for("viewer", self._mjpeg)),
            WebSocketRoute("/ws", self._watch),
            WebSocketRoute("/ws/camera", self._take_camera),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        self.app = Guard(Starlette(routes=routes), access)

    def _role_of(self, connection: HTTPConnection) -> Role | None:
        client = connection.client.host if connection.client else ""
        tokens = [connection.query_params.get("token"), *tokens_in(connection.headers, self._cookie)]
        return self._access.role_of(tokens, client)

    def _for(
        self, wanted: Role, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            role = self._role_of(request)
            if role is None:
                return _problem(401, "a token is wanted: open the link that the program printed")
            if wanted == "controller" and role != "controller":
                return _problem(403, "this token is for watching alone")
            return await answer(request)

        return guarded

    async def _page(self, request: Request) -> Response:
        return Response(await asyncio.to_thread((STATIC / "index.html").read_bytes), media_type="text/html")

    async def _healthz(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _role(self, request: Request) -> Response:
        return JSONResponse({"role": self._role_of(request)})

    async def _token(self, request: Request) -> Response:
        """Take the token of a link's last part into a cookie, which scripts cannot read and no address shows."""
        try:
            token = json.loads(await _body(request))["token"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return _problem(400, 'expected {"token": "..."}')
        client = request.client.host if request.client else ""
        role = self._access.role_of([token], client) if isinstance(token, str) and token else None
        if role is None or token not in (self._access.tokens.control, self._access.tokens.view):
            return _problem(401, "this token is not the run's: open the link that the program printed last")
        answer = JSONResponse({"role": role})
        answer.set_cookie(self._cookie, token, httponly=True, samesite="strict", secure=self._secure)
        return answer

    async def _state(self, request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(state_json, self._stage.state))

    async def _controls(self, request: Request) -> Response:
        return JSONResponse(controls_table())

    async def _action(self, request: Request) -> Response:
        if not self._actions.take():
            return _problem(429, "too many requests; wait a moment")
        try:
            self._ask(action_of(await _body(request)))
        except ValueError as error:
            return _problem(400, str(error))
        return JSONResponse({"asked": True}, status_code=202)

    async def _metrics(self, request: Request) -> Response:
        viewers = self._viewers
        by_transport: dict[str, float] = {f'transport="{name}"': viewers.count(name) for name in TRANSPORTS}
        metrics = [
            *metrics_of(self._stage.state),
            Metric("viewers", "gauge", "Pages that watch, by how they get their pictures.", by_transport),
            Metric(
                "encoded_pictures_total", "counter", "Pictures in the shared H.264 stream.", {"": self._stream.encoded}
            ),
            Metric("sent_bytes_total", "counter", "Bytes of pictures sent to pages.", {"": viewers.sent_bytes}),
        ]
        return PlainTextResponse(prometheus_text(metrics), media_type="text/plain; version=0.0.4")

    async def _snapshot(self, request: Request) -> Response:
        picture = await self._painted_picture()
        if picture is None:
            return _problem(503, "there is no picture yet")
        jpeg = await asyncio.to_thread(picture.jpeg)
        named = f'attachment; filename="picture-{picture.number}.jpg"'
        headers = {"content-disposition": named} if "download" in request.query_params else None
        return Response(jpeg, media_type="image/jpeg", headers=headers)

    async def _painted_picture(self) -> Picture | None:
        """The newest picture; where nobody looked until now, the first that is painted again."""
        self._stage.glance()
        until = time.monotonic() + _PAINTING_S
        while (picture := self._stage.picture) is not None and picture.passed and time.monotonic() < until:
            await asyncio.sleep(_LOOK_S)
        return picture

    async def _mjpeg(self, request: Request) -> Response:
        viewer = self._viewers.add(pulls=True)
        if viewer is None:
            return _problem(503, "as many watch as may; see --serve-viewers")

        async def parts() -> AsyncIterator[bytes]:
            try:
                yield f"--{_BOUNDARY}\r\n".encode()
                await self._painted_picture()
                while True:
                    viewer.wake.clear()
                    if (picture := self._stage.picture) is not None:
                        jpeg = await asyncio.to_thread(picture.jpeg)
                        viewer.sent_bytes += len(jpeg)
                        # The next boundary comes along: some programs show a picture only when they have seen its end.
                        head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                        yield head.encode() + jpeg + f"\r\n--{_BOUNDARY}\r\n".encode()
                    try:
                        await asyncio.wait_for(viewer.wake.wait(), _STANDING_S)
                    except asyncio.TimeoutError:
                        continue
            finally:
                self._viewers.remove(viewer)

        return StreamingResponse(parts(), media_type=f"multipart/x-mixed-replace; boundary={_BOUNDARY}")

    async def _watch(self, socket: WebSocket) -> None:
        role = self._role_of(socket)
        if role is None:
            await _turn_away(socket)
            return
        takes = None if self._camera is None else self._camera.size
        await attend_viewer(socket, role, self._stage, self._stream, self._viewers, takes)

    async def _take_camera(self, socket: WebSocket) -> None:
        if self._camera is None or self._role_of(socket) != "controller":
            await _turn_away(socket)
            return
        await attend_camera(socket, self._camera)


async def _turn_away(socket: WebSocket) -> None:
    # Of one that is refused before it is accepted a browser says only that it is closed, as of one that is lost.
    await socket.accept()
    await socket.close(1008)


def _problem(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status_code=status)


async def _body(request: Request) -> bytes:
    """A request's body. Raises ValueError where it is longer than any request is, or does not come."""
    try:
        return await asyncio.wait_for(_whole_body(request), _BODY_S)
    except asyncio.TimeoutError as error:
        raise ValueError("the request does not come to its end") from error


async def _whole_body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise ValueError(f"longer than {MOST_BYTES} bytes")
    return body

"""Serves a site on this machine, with the headers that threads need."""

import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from deeplab_cv.website.headers import ISOLATION

HEADERS = {
    **ISOLATION,
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def application(folder: Path, headers: dict[str, str] = HEADERS) -> Starlette:
    """A site as an ASGI application; `headers` go with every file."""

    async def with_headers(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await answer(request)
        response.headers.update(headers)
        return response

    return Starlette(
        routes=[Mount("/", StaticFiles(directory=folder, html=True))],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=with_headers)],
    )


def serve(folder: Path, listener: socket.socket) -> None:
    """Serve a site on a listening socket until Ctrl-C."""
    uvicorn.Server(uvicorn.Config(application(folder), log_level="warning")).run(sockets=[listener])

"""Stands before everything the server answers: whom it is not meant for gets nothing, and pages get strict headers."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deeplab_cv.page.access import Access

_WRONG_HOST = "this server has another name; use the link that the program printed\n"
_WRONG_ORIGIN = "requests of other pages are not answered\n"

_STRICT_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "cache-control": "no-store",
}


class Guard:
    """Refuses requests for another host or from another page, before anything else looks at them."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = None
        if not self._access.meant_for_us(headers):
            refusal = PlainTextResponse(_WRONG_HOST, status_code=421)
        elif not self._access.from_our_page(headers):
            refusal = PlainTextResponse(_WRONG_ORIGIN, status_code=403)
        if refusal is not None and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_with_headers(answer: Message) -> None:
            if answer["type"] == "http.response.start":
                MutableHeaders(scope=answer).update(_STRICT_HEADERS)
            await send(answer)

        await (refusal or self._app)(scope, receive, send_with_headers)

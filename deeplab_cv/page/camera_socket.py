"""A page that sends its camera, over a WebSocket of its own: one picture at a time, each when the last was taken."""

import asyncio
import struct

from starlette.websockets import WebSocket, WebSocketDisconnect

from deeplab_cv.page.access import RateLimit
from deeplab_cv.sources.browser_camera import BrowserCamera

_HEAD = struct.Struct(">d")
"""When the picture was taken, in seconds of this program's clock as the page knows it."""

_PICTURES_A_SECOND = 60
_TAKEN, _NONSENSE = 4009, 1008


async def attend_camera(socket: WebSocket, camera: BrowserCamera) -> None:
    """Take the pictures of one page until it goes."""
    await socket.accept()
    if not camera.begin():
        await socket.close(_TAKEN, "another page sends its camera")
        return
    limit = RateLimit(_PICTURES_A_SECOND)
    try:
        while True:
            data = await socket.receive_bytes()
            head, jpeg = data[: _HEAD.size], data[_HEAD.size :]
            fits = len(head) == _HEAD.size and limit.take()
            if not fits or not await asyncio.to_thread(camera.give, jpeg, _HEAD.unpack(head)[0]):
                await socket.close(_NONSENSE)
                return
            await socket.send_text("next")
    except (WebSocketDisconnect, KeyError):
        return
    finally:
        camera.end()

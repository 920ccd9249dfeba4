"""A page that watches, over its WebSocket: pictures and the run's state go out, confirmations come in."""

import asyncio
import json
import time
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from deeplab_cv.controls.stage import Stage
from deeplab_cv.frames.size import Size
from deeplab_cv.page.access import RateLimit, Role
from deeplab_cv.page.report import state_json
from deeplab_cv.page.viewers import JPEG, MP4_HEAD, TRANSPORTS, Viewer, Viewers, message, piece
from deeplab_cv.sinks.shared_stream import SharedStream

_MOST_CHARACTERS = 512
_MESSAGES_A_SECOND = 240
_STATE_S = 0.2
_FULL, _NONSENSE = 4003, 1008


async def attend_viewer(
    socket: WebSocket, role: Role, stage: Stage, stream: SharedStream, viewers: Viewers, takes_camera: Size | None
) -> None:
    """Serve one page until it goes; `takes_camera` is what is asked of its camera, None where none is taken."""
    await socket.accept()
    viewer = viewers.add()
    if viewer is None:
        await socket.close(_FULL, "as many watch as may; see --serve-viewers")
        return
    tasks = [
        asyncio.create_task(work)
        for work in (
            _read(socket, viewer, viewers),
            _send_pictures(socket, viewer, stage, stream, viewers),
            _send_state(socket, role, stage, viewers, takes_camera),
        )
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        viewers.remove(viewer)
        for task in tasks:
            task.cancel()
        # What ends one of them is the end of the connection, however it shows.
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(socket: WebSocket, viewer: Viewer, viewers: Viewers) -> None:
    limit = RateLimit(_MESSAGES_A_SECOND)
    while True:
        try:
            text = await socket.receive_text()
        except (WebSocketDisconnect, KeyError):
            return
        answer = _answer(text, viewer) if len(text) <= _MOST_CHARACTERS and limit.take() else None
        if answer is None:
            await socket.close(_NONSENSE)
            return
        viewers.look()
        if answer:
            await socket.send_text(json.dumps(answer))


def _answer(text: str, viewer: Viewer) -> dict[str, Any] | None:
    """Do what a message says; returns what is to be sent back, None where the message says nothing."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match said:
        case {"type": "watch", "transport": str(transport)} if transport in TRANSPORTS:
            viewer.begin(next(each for each in TRANSPORTS if each == transport))
        case {"type": "rest"}:
            viewer.begin(None)
        case {"type": "took", "count": int(count)} if 0 < count <= 100:
            viewer.confirm(count)
        case {"type": "ping", "at": int(at) | float(at)}:
            return {"type": "pong", "at": at, "clock_s": time.monotonic()}
        case _:
            return None
    return {}


async def _send_pictures(
    socket: WebSocket, viewer: Viewer, stage: Stage, stream: SharedStream, viewers: Viewers
) -> None:
    while True:
        await viewer.wake.wait()
        viewer.wake.clear()
        while (picture := viewer.next_picture(stage.picture)) is not None:
            jpeg = await asyncio.to_thread(picture.jpeg)
            await _send(socket, viewer, message(JPEG, jpeg, key=True, since_s=picture.since_s))
        while (chunk := viewer.next_chunk()) is not None:
            transport, encoder = viewer.transport, stream.encoder
            if viewer.is_new_stream(chunk):
                if encoder is None:
                    continue
                await socket.send_text(json.dumps({"type": "stream", "codec": encoder.codec}))
                if transport == "mse":
                    await _send(socket, viewer, message(MP4_HEAD, encoder.head))
            await _send(socket, viewer, piece(chunk, transport))
        viewers.look()


async def _send(socket: WebSocket, viewer: Viewer, data: bytes) -> None:
    viewer.sent_bytes += len(data)
    await socket.send_bytes(data)


async def _send_state(socket: WebSocket, role: Role, stage: Stage, viewers: Viewers, takes_camera: Size | None) -> None:
    camera = takes_camera and {"width": takes_camera.width, "height": takes_camera.height}
    sent = ""
    while True:
        state = await asyncio.to_thread(state_json, stage.state)
        text = json.dumps({"type": "state", "role": role, "viewers": len(viewers), "takes_camera": camera, **state})
        if text != sent:
            await socket.send_text(text)
            sent = text
        await asyncio.sleep(_STATE_S)

"""Connections that bring no request: each would hold a place of the server and a file of the process for ever."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

PATIENCE_S = 10.0
"""How long a connection may be open without a whole request, before the first and between two."""


class HurriedProtocol(H11Protocol):
    """HTTP for those who ask: who connects and says nothing, or a byte now and then, is let go.

    uvicorn itself waits for ever for a first request. What cannot be answered any more, since twice as many as may
    ask are connected, is let go at once: a process that has no files left opens no camera and no recording either.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connects."""
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > 2 * self.limit_concurrency:
            transport.abort()
            return
        self._look_after(None)

    def _look_after(self, seen: RequestResponseCycle | None) -> None:
        asyncio.get_running_loop().call_later(PATIENCE_S, self._let_go_if_idle, seen)

    def _let_go_if_idle(self, seen: RequestResponseCycle | None) -> None:
        if self not in self.connections:
            # It has gone, or is a WebSocket now, which is asked for signs of life.
            return
        if self.cycle is seen and (seen is None or seen.response_complete):
            self.transport.close()
        else:
            self._look_after(self.cycle)

"""One connection's patience: how long it may be silent, and how much it may announce.

uvicorn has no time limit for a header or a body, no size limit for a header and no ceiling
that closes: nothing was closed in 45 s. This adds them to its httptools protocol.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

# What no setting says.
LATE_BODY_SECONDS = 4.0  # beyond the time a body may take: the app has said 408 by then
HEADER_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What a connection may take. Times in seconds, sizes in bytes."""

    header_seconds: float  # from the connection, or a request's first byte
    message_seconds: float  # from the header's end to the body's
    idle_seconds: float  # between two requests
    header_bytes: int
    connections: int


class PatientConfig(uvicorn.Config):
    """uvicorn's configuration with our patience, so that each connection finds it."""

    patience: ConnectionLimits


class _Awaited(Enum):
    HEADER = "header"
    BODY = "body"
    NOTHING = "nothing"


class PatientConnection(HttpToolsProtocol):
    """A connection that is closed when its sender takes too long or sends too much."""

    def __init__(
        self,
        config: PatientConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._patience = config.patience
        self._awaited = _Awaited.HEADER
        self._watched: _Awaited | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= self._patience.connections:
            # Accepted and closed at once: a full backlog would keep new senders waiting.
            self.transport = transport
            transport.abort()
            return
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._awaited is _Awaited.HEADER:
            self._header_bytes += len(data)
            if self._header_bytes > self._patience.header_bytes:
                self.transport.abort()
                return
        elif self._awaited is _Awaited.NOTHING and self._is_idle():
            # Bytes that began no request (RFC 9112, 2.2 lets empty lines stand before
            # one) have stopped uvicorn's idle timer: wait for a header instead.
            self._awaited = _Awaited.HEADER
        self._watch()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._awaited = _Awaited.HEADER

    def on_headers_complete(self) -> None:
        self._awaited = _Awaited.BODY
        self._header_bytes = 0
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._awaited is _Awaited.BODY:
            # A trailer would be appended to headers that were already believed.
            raise ValueError("trailers are not accepted")
        super().on_header(name, value)

    def on_message_complete(self) -> None:
        self._awaited = _Awaited.NOTHING
        super().on_message_complete()

    def finish(self) -> None:
        """Let a reply in the making be the last one of this connection."""
        if not self._is_idle():
            self.cycle.keep_alive = False

    def _is_idle(self) -> bool:
        # uvicorn types it as always there; before the first request it is None.
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _watch(self) -> None:
        if self._awaited is self._watched:
            return
        self._unwatch()
        if self._awaited is _Awaited.NOTHING:
            return
        patience = self._patience
        is_header = self._awaited is _Awaited.HEADER
        seconds = patience.header_seconds if is_header else patience.message_seconds
        self._timer = self.loop.call_later(seconds, self._lose_patience)
        self._watched = self._awaited

    def _unwatch(self) -> None:
        self._watched = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lose_patience(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()

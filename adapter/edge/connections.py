"""One connection's patience: how long it may be silent, and how much it may announce.

uvicorn has no time limit for a header or a body, no size limit for a header and no ceiling
that closes: nothing was closed in 45 s. This adds them to its httptools protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from adapter.edge.refusals import HttpRefusal

# What no setting says.
LATE_BODY_SECONDS = 4.0  # beyond the time a body may take: the app has said 408 by then
HEADER_BYTES = 16_384
LINGER_SECONDS = 1.0  # for the sender to read a refusal before the connection is cut
_TLS_HELLO = b"\x16\x03"
_RESPONSES = {
    HttpRefusal.MALFORMED: (b"400 Bad Request", b"Invalid HTTP request received."),
    HttpRefusal.HOST: (b"400 Bad Request", b"One Host header is needed."),
    HttpRefusal.HEADER_TOO_LARGE: (
        b"431 Request Header Fields Too Large",
        b"The header is too large.",
    ),
}

CountRefusal = Callable[[HttpRefusal, str, str], None]
"""Somebody who counts what never became a request: which refusal, the peer, a detail."""


def _nobody(_refusal: HttpRefusal, _peer: str, _detail: str) -> None:
    """Count nothing."""


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
    refused: CountRefusal = staticmethod(_nobody)


class _RefusedHeader(Exception):
    """Ends the parser's work on a header; `_refusal` says why."""


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
        self._count_refusal = config.refused
        self._awaited = _Awaited.HEADER
        self._watched: _Awaited | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._header_bytes = 0  # received of a header that is not whole yet
        self._field_bytes = 0  # of the URL and the fields that were parsed
        self._has_completed = False  # a message, within the data that are parsed now
        self._is_upgrade = False  # the header asks for another protocol
        self._refusal = HttpRefusal.MALFORMED
        self._is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= self._patience.connections:
            # Accepted and closed at once: a full backlog would keep new senders waiting.
            self.transport = transport
            name = transport.get_extra_info("peername")
            self._count_refusal(HttpRefusal.CONNECTION_LIMIT, name[0] if name else "", "")
            transport.abort()
            return
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return  # what a sender in full flow had under way
        self._unset_keepalive_if_required()
        self._has_completed = False
        rest = data
        while rest:
            rest = self._parse(rest)
        if self._is_over():
            return
        if self._awaited is _Awaited.HEADER and not self._has_completed:
            self._header_bytes += len(data)
            if self._header_bytes > self._patience.header_bytes:
                self._refuse(HttpRefusal.HEADER_TOO_LARGE)
                return
        elif self._awaited is _Awaited.NOTHING and self._is_idle():
            # Bytes that began no request (RFC 9112, 2.2 lets empty lines stand before
            # one) have stopped uvicorn's idle timer: wait for a header instead.
            self._awaited = _Awaited.HEADER
        self._watch()

    def _parse(self, data: bytes) -> bytes:
        """Parse what came; return what is to be parsed anew, if anything."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._as_plain_http() + data[upgrade.args[0] :] if self._is_upgrade else b""
        except httptools.HttpParserError:
            detail = "tls" if data.startswith(_TLS_HELLO) else ""
            self._refuse(self._refusal, detail)
        return b""

    def _as_plain_http(self) -> bytes:
        """Return the header without its wish for another protocol, for a fresh parser: one
        that has seen the wish reads no body. RFC 9110, 7.8 lets a server ignore it."""
        head = [
            b"%s %s HTTP/1.1" % (self.parser.get_method(), self.url),
            *(b"%s: %s" % field for field in self.headers if field[0] != b"upgrade"),
        ]
        self._is_upgrade = False
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's
        return b"\r\n".join((*head, b"", b""))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._awaited = _Awaited.HEADER
        self._field_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._measure(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._awaited is _Awaited.BODY:
            # A trailer would be appended to headers that were already believed.
            raise ValueError("trailers are not accepted")
        self._measure(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        hosts = sum(name == b"host" for name, _ in self.headers)
        if self.parser.get_http_version() == "1.1" and hosts != 1:
            # RFC 9112, 3.2: "A server MUST respond with a 400".
            self._stop(HttpRefusal.HOST)
        self._header_bytes = 0
        if self.parser.should_upgrade() and self._get_upgrade() is not None:
            self._is_upgrade = True
            return
        self._awaited = _Awaited.BODY
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._is_upgrade:
            return
        self._has_completed = True
        self._awaited = _Awaited.NOTHING
        super().on_message_complete()

    def _measure(self, size: int) -> None:
        self._field_bytes += size
        if self._field_bytes > self._patience.header_bytes:
            self._stop(HttpRefusal.HEADER_TOO_LARGE)

    def _stop(self, refusal: HttpRefusal) -> None:
        self._refusal = refusal
        raise _RefusedHeader(refusal.value)

    def _refuse(self, refusal: HttpRefusal, detail: str = "") -> None:
        """Answer what is no request of ours, and hang up when its sender had time to read it:
        closing on one in full flow would reset the connection before."""
        self._is_refused = True
        self._count_refusal(refusal, self.client[0] if self.client else "", detail)
        if not self._is_idle():
            self.cycle.disconnected = True  # what it says now would follow the refusal
            self.cycle.message_event.set()
        status, text = _RESPONSES[refusal]
        self.transport.write(
            b"HTTP/1.1 %s\r\ncontent-type: text/plain; charset=utf-8\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (status, len(text), text)
        )
        self.transport.write_eof()
        self._unwatch()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def finish(self) -> None:
        """Let a reply in the making be the last one of this connection."""
        if not self._is_idle():
            self.cycle.keep_alive = False

    def _is_over(self) -> bool:
        return self._is_refused or self.transport.is_closing()

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
        if self.transport.is_closing():
            return
        if self._awaited is _Awaited.HEADER and self._header_bytes:
            peer = self.client[0] if self.client else ""
            self._count_refusal(HttpRefusal.HEADER_TOO_SLOW, peer, "")
        self.transport.abort()

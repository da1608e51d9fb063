"""Events that are not ours: passed to the handler that already answers them, untouched.

What WeChat gets when the handler fails is decided here: HTTP 200 and an empty body, which
it takes for "handled". A failing status would make it repeat four times within a second and,
after repeated failures, stop *all* pushes for a minute ("MarkFail"), cancellations among
them. What surely never reached the handler is tried again inside the budget instead, so a
restart of the handler loses nothing; each loss is counted and logged.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

import httpcore2  # noqa: F401 - httpx2 would read it in later, while pushes wait
import httpx2

from adapter.diagnostics.logger import Logger
from adapter.forward.circuit import Circuit

AT_ONCE = 32  # pushes at the handler; more are not passed on
ANSWER_LIMIT_BYTES = 262_144
AGAIN_AFTER_SECONDS = 0.25
TEXT = "text/plain; charset=utf-8"
_SOUND = re.compile(r"[ -~]{1,200}")


class ForwardResult(Enum):
    """What became of one push that was passed on; the words stand in metrics."""

    ANSWERED = "answered"
    STATUS = "failed_status"  # the handler said something other than 2xx
    UNREACHABLE = "failed_unreachable"
    TOO_SLOW = "failed_too_slow"
    BROKEN = "failed_broken"  # an answer that is not HTTP, or too large
    HELD_BACK = "failed_circuit_open"
    TOO_MANY = "failed_too_many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """What goes back to WeChat with status 200."""

    body: bytes = b""
    content_type: str = TEXT
    result: str = ForwardResult.ANSWERED.value


class HttpForwarder:
    """One handler, over HTTP. Its slowness and its faults stay its own."""

    def __init__(
        self,
        url: str,
        *,
        log: Logger,
        circuit: Circuit | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(url)
        self._url = f"{parts.scheme}://{parts.netloc}/"
        self._target = (parts.path or "/").encode("ascii")
        self._own_query = parts.query.encode("ascii")
        self._log = log
        self._circuit = circuit or Circuit()
        self._monotonic = monotonic
        self._passing = 0
        self._client = httpx2.AsyncClient(
            # An empty context for plain HTTP: reading the system's certificates is slow.
            verify=ssl.create_default_context()
            if parts.scheme == "https"
            else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            trust_env=False,
            follow_redirects=False,
            limits=httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
        )

    @property
    def is_open(self) -> bool:
        """Whether the handler is being spared after failures."""
        return self._circuit.is_open(now=self._monotonic())

    async def forward(
        self, *, query: bytes, body: bytes, content_type: bytes, within_seconds: float
    ) -> Forwarded:
        """Pass one push on and return the handler's answer, or an empty one in time."""
        if not self._circuit.lets_through(now=self._monotonic()):
            return self._lost(ForwardResult.HELD_BACK)
        if self._passing >= AT_ONCE:
            return self._lost(ForwardResult.TOO_MANY)
        self._passing += 1
        try:
            async with asyncio.timeout(within_seconds):
                answer = await self._ask(self._request(query, body, content_type), within_seconds)
        except TimeoutError:
            return self._failed(ForwardResult.TOO_SLOW)
        except httpx2.ConnectError:
            return self._failed(ForwardResult.UNREACHABLE)
        except httpx2.HTTPError:
            return self._failed(ForwardResult.BROKEN)
        finally:
            self._passing -= 1
        if answer.result != ForwardResult.ANSWERED.value:
            return self._failed(ForwardResult(answer.result))
        self._circuit.succeeded()
        return answer

    async def close(self) -> None:
        """Close the handler's connections."""
        await self._client.aclose()

    def _request(self, query: bytes, body: bytes, content_type: bytes) -> httpx2.Request:
        both = b"&".join(part for part in (self._own_query, query) if part)
        headers = {b"accept-encoding": b"identity", b"user-agent": b"waybridge"}
        if content_type:
            headers[b"content-type"] = content_type
        # As a target, so that no URL library writes the query anew: its signature covers it.
        target = self._target + (b"?" + both if both else b"")
        return self._client.build_request(
            "POST", self._url, content=body, headers=headers, extensions={"target": target}
        )

    async def _ask(self, request: httpx2.Request, within_seconds: float) -> Forwarded:
        until = self._monotonic() + within_seconds
        while True:
            try:
                return await self._once(request)
            except httpx2.ConnectError:
                # Nothing was sent, so asking again cannot do anything twice.
                if self._monotonic() + 2 * AGAIN_AFTER_SECONDS > until:
                    raise
                await asyncio.sleep(AGAIN_AFTER_SECONDS)

    async def _once(self, request: httpx2.Request) -> Forwarded:
        answer = await self._client.send(request, stream=True)
        try:
            if not answer.is_success:
                return Forwarded(result=ForwardResult.STATUS.value)
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > ANSWER_LIMIT_BYTES:
                    return Forwarded(result=ForwardResult.BROKEN.value)
            return Forwarded(body=body, content_type=_sound(answer.headers.get("content-type")))
        finally:
            await answer.aclose()

    def _failed(self, result: ForwardResult) -> Forwarded:
        self._circuit.failed(now=self._monotonic())
        return self._lost(result)

    def _lost(self, result: ForwardResult) -> Forwarded:
        self._log.warning("forward_failed", result=result.value)
        return Forwarded(result=result.value)


def _sound(content_type: str | None) -> str:
    """Return the handler's content type, if it may stand in a header of ours."""
    return content_type if content_type and _SOUND.fullmatch(content_type) else TEXT

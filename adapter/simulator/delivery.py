"""WeChat's HTTP side: one POST with its headers and patience, and its habits of repeating."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpcore2  # noqa: F401 - httpx2 would read it in later, in the middle of a push
import httpx2

from adapter.diagnostics.tls_fault import speaks_no_tls
from adapter.wechat.client_side import SealedPush
from adapter.wechat.codec import Format

ANSWER_WITHIN_SECONDS = 5.0  # "微信服务器在五秒内收不到响应会断掉连接"
REPEATS = 3  # "总共重试三次"; some saw two, so nobody may rely on the number
BURST_PAUSE_SECONDS = 0.25  # after a status that is not 200: four POSTs within a second

CONTENT_TYPES = {Format.XML: "text/xml", Format.JSON: "application/json"}
HEADERS = {"User-Agent": "Mozilla/4.0", "Accept": "*/*", "Pragma": "no-cache"}
"""As captured on the wire; JSON pushes have not been seen, so their type is a guess."""

Pause = Callable[[float], Awaitable[None]]


class Unreachable(Exception):
    """Nothing takes the connection: no push was delivered."""


class NoTls(Unreachable):
    """Something takes the connection, and speaks plain HTTP there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back for one request. `status` is None when there was no answer; then
    `fault` says why."""

    status: int | None
    body: bytes
    seconds: float
    fault: str = ""


class Sender:
    """Sends pushes to one URL as WeChat does. Use as an async context."""

    def __init__(
        self,
        url: str,
        *,
        limit_seconds: float = ANSWER_WITHIN_SECONDS,
        through_proxies: bool = False,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._url = url
        self._limit_seconds = limit_seconds
        self._pause = pause
        # The whole exchange has one limit, see `_send`; WeChat follows no redirect.
        self._client = httpx2.AsyncClient(
            headers=HEADERS,
            timeout=None,
            trust_env=through_proxies,
            follow_redirects=False,
            # Without TLS there is nothing to verify, and reading every authority takes a while.
            verify=not url.startswith("http://"),
        )

    async def __aenter__(self) -> Sender:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def push(
        self, sealed: SealedPush, format: Format, *, repeats: int = 0
    ) -> tuple[Answered, ...]:
        """POST, and repeat up to `repeats` times what went wrong; return every answer.

        A repeat is the same request, byte for byte: at once when the time is up, within a
        second when the status is not 200. Raises `Unreachable`.
        """
        answers = [await self._post(sealed, format)]
        while answers[-1].status != 200 and len(answers) <= repeats:
            if answers[-1].status is not None:
                await self._pause(BURST_PAUSE_SECONDS)
            answers.append(await self._post(sealed, format))
        return tuple(answers)

    async def verify(self, query: str) -> Answered:
        """GET, as WeChat does when the URL is saved. Raises `Unreachable`."""
        return await self._send(self._client.build_request("GET", f"{self._url}?{query}"))

    async def _post(self, sealed: SealedPush, format: Format) -> Answered:
        return await self._send(
            self._client.build_request(
                "POST",
                f"{self._url}?{sealed.query}",
                content=sealed.body,
                headers={"Content-Type": CONTENT_TYPES[format]},
            )
        )

    async def _send(self, request: httpx2.Request) -> Answered:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._limit_seconds):
                response = await self._client.send(request)
        except TimeoutError:
            fault = f"no answer within {self._limit_seconds:g} s"
            return Answered(status=None, body=b"", seconds=self._limit_seconds, fault=fault)
        except httpx2.ConnectError as error:
            if speaks_no_tls(error):
                raise NoTls(f"{self._url} speaks no TLS, but plain HTTP") from error
            raise Unreachable(f"nothing takes a connection at {self._url} ({error})") from error
        except httpx2.TransportError as error:
            fault = f"the connection broke before an answer ({type(error).__name__})"
            seconds = time.perf_counter() - started
            return Answered(status=None, body=b"", seconds=seconds, fault=fault)
        return Answered(
            status=response.status_code,
            body=response.content,
            seconds=time.perf_counter() - started,
        )

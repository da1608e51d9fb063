"""Very many merchants at once: pushes sealed beforehand, replies read afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from adapter.simulator.delivery import Answered
from adapter.simulator.play import seal
from adapter.wechat.codec import Format
from bench.load import Connection
from tests.journeys.evidence import Delivery
from tests.journeys.merchants import read_delivery
from tests.journeys.program import ACCOUNT, Press

FORMAT = Format.XML
PATIENCE_SECONDS = 10.0  # twice WeChat's, to hear what is said to nobody any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A press as it goes over the wire."""

    press: Press
    request: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    press: Press
    sent_at: float
    ended_at: float
    status: int
    body: bytes


class Crowd:
    """Posts to one replica, each push on a connection of its own."""

    def __init__(self, url: str) -> None:
        self._where = urlsplit(url)
        self._host, self._port = self._where.hostname or "", self._where.port or 0
        self._raw: list[_Raw] = []

    def sealed(self, presses: Sequence[Press]) -> list[Sealed]:
        """Seal them all."""
        return [Sealed(press=press, request=self._request(press)) for press in presses]

    async def at_rate(self, pushes: Sequence[Sealed], *, per_second: float) -> None:
        """Push at this rate, whatever becomes of them, and wait for every reply."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as together:
            for number, push in enumerate(pushes):
                early = began + number / per_second - loop.time()
                if early > 0:
                    await asyncio.sleep(early)
                together.create_task(self.post(push))

    async def in_turn(self, pushes: Iterable[Sealed], *, at_once: int, seconds: float) -> float:
        """Push so many at a time for so long; return how many replies came a second."""
        began, waiting, replies = time.monotonic(), iter(pushes), 0

        async def one() -> None:
            nonlocal replies
            while time.monotonic() - began < seconds and (push := next(waiting, None)):
                await self.post(push)
                replies += 1

        await asyncio.gather(*(one() for _ in range(at_once)))
        return replies / (time.monotonic() - began)

    async def post(self, push: Sealed) -> None:
        """Push once."""
        sent_at, status, body = time.time(), 0, b""
        connection: Connection | None = None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                _, connection = await asyncio.get_running_loop().create_connection(
                    Connection, self._host, self._port
                )
                status, body = await connection.send(push.request)
        except (TimeoutError, OSError):
            pass  # lost: status 0 says so
        finally:
            if connection is not None:
                connection.close()
        ended_at = time.time()
        self._raw.append(
            _Raw(press=push.press, sent_at=sent_at, ended_at=ended_at, status=status, body=body)
        )

    def deliveries(self) -> Iterator[Delivery]:
        """Read all that came back."""
        for raw in self._raw:
            answered = Answered(
                status=raw.status or None, body=raw.body, seconds=raw.ended_at - raw.sent_at
            )
            yield read_delivery(
                raw.press, answered, FORMAT, sent_at=raw.sent_at, ended_at=raw.ended_at
            )

    def _request(self, press: Press) -> bytes:
        sealed = seal(press.fields, FORMAT, account=ACCOUNT)
        head = (
            f"POST {self._where.path}?{sealed.query} HTTP/1.1\r\nHost: {self._where.netloc}\r\n"
            f"Content-Type: text/xml\r\nContent-Length: {len(sealed.body)}\r\n\r\n"
        )
        return head.encode() + sealed.body

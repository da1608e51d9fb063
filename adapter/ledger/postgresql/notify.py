"""Replicas notify each other of settled waybills: LISTEN and NOTIFY, after the commit.

Nothing rests on it: who misses a notification polls after `durable.POLL_SECONDS`. They are
sent on a connection of its own after the commit, because a NOTIFY inside the transaction makes
all commits of all replicas queue behind one lock; and none is sent while this is the only replica.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from adapter.ledger.statements import OWNERS, for_postgresql
from adapter.ledger.waiting import Waiting

CHANNEL = "waybridge"
NUMBERS_LIMIT = 400  # in one payload: 17 characters each, and PostgreSQL takes 8,000 bytes
LOOK_SECONDS = 0.5  # how often we look whether other replicas live
PAUSE_SECONDS = 0.25  # before connecting again
ASK_SECONDS = 2.0  # for one statement


class Notifier:
    """Listens to the other replicas' notifications, and sends ours."""

    def __init__(
        self, connect: Callable[[], Awaitable[asyncpg.Connection]], *, waiting: Waiting
    ) -> None:
        self._connect = connect
        self._waiting = waiting
        self._living = for_postgresql().living
        self._numbers: set[int] = set()
        self._wake = asyncio.Event()
        self._alone = True
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen; needs a running loop."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop, and leave the connection at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def add(self, numbers: set[int]) -> None:
        """Notify the other replicas of these waybills soon, if there are any."""
        if numbers and not self._alone:
            self._numbers |= numbers
            self._wake.set()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(
                asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError
            ):
                await self._listen()
            self._alone = True
            self._numbers.clear()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _listen(self) -> None:
        connection = await self._connect()
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await connection.add_listener(CHANNEL, self._received)
            looked_at = float("-inf")
            loop = asyncio.get_running_loop()
            while True:
                if loop.time() - looked_at >= LOOK_SECONDS:
                    looked_at = loop.time()
                    async with asyncio.timeout(ASK_SECONDS):
                        living = await connection.fetch(self._living, OWNERS)
                    self._alone = len(living) <= 1
                await self._send(connection)
        finally:
            connection.terminate()

    async def _send(self, connection: asyncpg.Connection) -> None:
        """Send the queued notifications; wait for them up to `LOOK_SECONDS`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._wake.wait()
        self._wake.clear()
        while self._numbers:
            few = [self._numbers.pop() for _ in range(self._page())]
            payload = " ".join(f"{number & (1 << 64) - 1:x}" for number in few)
            async with asyncio.timeout(ASK_SECONDS):
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)

    def _page(self) -> int:
        return min(len(self._numbers), NUMBERS_LIMIT)

    def _received(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        if self._waiting and isinstance(payload, str):
            self._waiting.wake(
                int.from_bytes(int(word, 16).to_bytes(8, "big"), "big", signed=True)
                for word in payload.split()
            )

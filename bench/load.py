"""Plays WeChat's servers under load, in a process of its own: `python -m bench.load`.

Every push is built before the clock starts. Prints `ready`, waits for a line on stdin, sends,
prints `done`, judges every answer and prints the run's figures as one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import cast

import uvloop

from bench.account import http_request, is_cancelled
from bench.figures import Run, percentile

HEAD_END = b"\r\n\r\n"
GIVE_UP_SECONDS = 300


class Connection(asyncio.Protocol):
    """One keep-alive connection; carries one push at a time."""

    def __init__(self) -> None:
        self._unread = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((0, b""))

    def send(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Send one request; the future brings status and body, status 0 when cut off."""
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport is None:
            self._answer.set_result((0, b""))
        else:
            self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._unread += data
        end = self._unread.find(HEAD_END)
        if end < 0 or self._answer is None:
            return
        head = self._unread[:end].lower()
        _, _, after = head.partition(b"content-length:")
        length = int(after.split(b"\r\n", 1)[0])
        whole = end + len(HEAD_END) + length
        if len(self._unread) < whole:
            return
        body, self._unread = self._unread[whole - length : whole], self._unread[whole:]
        if not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


class Load:
    """One run's pushes, and what came of them."""

    def __init__(self, requests: list[bytes]) -> None:
        self._requests = requests
        self._took: list[float] = []
        self._answers: list[tuple[int, bytes]] = []

    async def closed(self, connections: list[Connection]) -> float:
        """Keep every connection busy; return the seconds it took."""
        rest = iter(self._requests)
        started = time.perf_counter()
        await asyncio.gather(*(self._keep_busy(connection, rest) for connection in connections))
        return time.perf_counter() - started

    async def open(self, connections: list[Connection], *, per_second: float) -> float:
        """Send at a fixed rate however slow the answers; count from when each was due."""
        # In turn: the edge closes a connection that brings nothing for a while, as it should.
        idle: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in connections:
            idle.put_nowait(connection)
        started = time.perf_counter()
        async with asyncio.TaskGroup() as sent:
            for nth, request in enumerate(self._requests):
                due = started + nth / per_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                sent.create_task(self._send_when_idle(idle, request, due))
        return time.perf_counter() - started

    def figures(self, *, seconds: float, sealed: bool) -> Run:
        """Judge every answer, after the clock has stopped."""
        failed = sum(status != 200 for status, _ in self._answers)
        to_judge = [body for status, body in self._answers if status == 200] if sealed else []
        wrong = sum(not is_cancelled(body) for body in to_judge)
        self._took.sort()
        return Run(
            pushes=len(self._answers),
            seconds=seconds,
            failed=failed,
            wrong=wrong,
            p50_ms=percentile(self._took, 0.50) * 1000,
            p99_ms=percentile(self._took, 0.99) * 1000,
            max_ms=self._took[-1] * 1000,
        )

    async def _keep_busy(self, connection: Connection, rest: Iterator[bytes]) -> None:
        for request in rest:
            await self._send(connection, request, time.perf_counter())

    async def _send_when_idle(
        self, idle: asyncio.Queue[Connection], request: bytes, due: float
    ) -> None:
        connection = await idle.get()
        await self._send(connection, request, due)
        idle.put_nowait(connection)

    async def _send(self, connection: Connection, request: bytes, since: float) -> None:
        answer = await connection.send(request)
        self._took.append(time.perf_counter() - since)
        self._answers.append(answer)


async def run(given: argparse.Namespace) -> Run:
    """Build the pushes, wait for the word, send, judge."""
    loop = asyncio.get_running_loop()
    requests = [http_request(f"STUB-OK-{given.prefix}-{nth}") for nth in range(given.pushes)]
    connections = []
    for _ in range(given.connections):
        _, connection = await loop.create_connection(Connection, "127.0.0.1", given.port)
        connections.append(connection)
    load = Load(requests)
    gc.collect()
    gc.freeze()
    gc.disable()  # no pause of ours may look like one of theirs
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    async with asyncio.timeout(GIVE_UP_SECONDS):
        if given.per_second:
            seconds = await load.open(connections, per_second=given.per_second)
        else:
            seconds = await load.closed(connections)
    print("done", flush=True)
    gc.enable()
    for connection in connections:
        connection.close()
    return load.figures(seconds=seconds, sealed=given.sealed)


def main() -> None:
    """Run one load against one port."""
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pushes", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--per-second", type=float, default=0.0, help="0: as fast as answered")
    parser.add_argument("--prefix", required=True, help="makes this run's orders its own")
    parser.add_argument("--sealed", action="store_true", help="open and judge every reply")
    given = parser.parse_args()
    print(json.dumps(asdict(uvloop.run(run(given)))), flush=True)


if __name__ == "__main__":
    main()

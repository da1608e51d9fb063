"""A way to PostgreSQL that can be cut, as a firewall or a broken switch cuts it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

PIECE_BYTES = 65536


class CutLedger:
    """A TCP proxy before the server of a URL, in a thread of its own. Use as a context.

    While it is cut nothing passes: connections stay open and silent, new ones too. What was
    sent meanwhile passes once it heals, as TCP sends again; where the server has given its side
    up (`expire`), the client learns so then.
    """

    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        self._socket = f"{parse_qs(where.query)['host'][0]}/.s.PGSQL.{where.port or 5432}"
        self._database = where.path
        self._user = where.username or ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._passing = asyncio.Event()
        self._upstream: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The ledger's URL by this way."""
        return f"postgresql://{self._user}:@127.0.0.1:{self._port}{self._database}"

    def cut(self) -> None:
        """From now on nothing passes."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def expire(self) -> None:
        """Let the server give up what was cut: its sessions end, and their locks."""
        self._await(self._close_upstream())

    def heal(self) -> None:
        """Everything passes again."""
        self._loop.call_soon_threadsafe(self._passing.set)

    def __enter__(self) -> Self:
        self._thread.start()
        self._await(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._await(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _await(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self) -> None:
        self._passing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _close_upstream(self) -> None:
        for writer in self._upstream:
            writer.close()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._passing.wait()
        upstream_reader, upstream = await asyncio.open_unix_connection(self._socket)
        self._upstream.add(upstream)
        for source, sink in ((reader, upstream), (upstream_reader, writer)):
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(PIECE_BYTES):
                await self._passing.wait()
                sink.write(chunk)
                await sink.drain()
        except ConnectionError:
            pass  # one side has gone: so goes the other
        finally:
            await self._passing.wait()
            sink.close()
            self._upstream.discard(sink)

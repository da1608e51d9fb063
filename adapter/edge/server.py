"""An HTTP server among others in one loop: started, drained and stopped from outside."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.listening import listen_fault
from adapter.edge.connections import (
    ConnectionLimits,
    CountRefusal,
    PatientConfig,
    PatientConnection,
)

RESERVED_FILES = 256  # for the ledger, the carrier's channels, the log and the other server
OPEN_FILES = 65_536  # enough for any ceiling we set; more only makes child processes slow
LAST_REPLIES_SECONDS = 5.0


class ListenFailed(CannotStart):
    """The address cannot be listened on; nothing was started."""


class HttpServer:
    """uvicorn with our patience, without its signal handlers: stopping is the wiring's task.

    The order of stopping: `begin_draining`, `stop_accepting`, `close`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        patience: ConnectionLimits,
        key: str = "",
        refused: CountRefusal | None = None,
    ) -> None:
        """`key` is the setting of the address, for what is said when it is taken; `refused`
        counts what never became a request."""
        config = PatientConfig(
            app=app,
            http=PatientConnection,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
        config.patience = patience
        if refused is not None:
            config.refused = refused
        # uvicorn says int and means seconds for `call_later`, which takes fractions.
        config.timeout_keep_alive = patience.idle_seconds  # type: ignore[assignment]
        self._config = config
        self._server = _SilentServer(config)
        self._address = (host, port)
        self._key = key
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens; the real port where 0 was asked for."""
        return self._address

    @property
    def is_listening(self) -> bool:
        """Whether new connections are accepted."""
        return self._server.started and any(server.is_serving() for server in self._server.servers)

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._server.server_state.connections)

    async def start(self) -> None:
        """Listen, and return when the first connection could be accepted. Raises
        `ListenFailed`."""
        listener = await _bind(*self._address, key=self._key)
        host, port = listener.getsockname()[:2]
        self._address = (host, port)
        self._server.has_started = asyncio.Event()
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        started = asyncio.create_task(self._server.has_started.wait())
        await asyncio.wait({self._task, started}, return_when=asyncio.FIRST_COMPLETED)
        if not self._server.has_started.is_set():
            started.cancel()
            task, self._task = self._task, None
            listener.close()
            raise ListenFailed(
                f"{host}:{port}: the server ended", key=self._key
            ) from task.exception()

    def begin_draining(self) -> None:
        """Serve on, with `Connection: close` on every reply: balancers move elsewhere."""
        self._config.encoded_headers.append((b"connection", b"close"))
        state = self._server.server_state
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        for connection in list(state.connections):
            if isinstance(connection, PatientConnection):
                connection.finish()

    def stop_accepting(self) -> None:
        """Close the listening socket and every idle connection; pushes in flight go on."""
        for server in self._server.servers:
            server.close()
        for connection in list(self._server.server_state.connections):
            connection.shutdown()

    async def close(self, *, within_seconds: float = LAST_REPLIES_SECONDS) -> None:
        """Wait for the last replies, then cut what is left. Safe to call twice."""
        if self._task is None:
            return
        self._server.should_exit = True
        await asyncio.wait([self._task], timeout=within_seconds)
        self._server.force_exit = True
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        await self._task


class _SilentServer(uvicorn.Server):
    """uvicorn's server without signal handlers: two of them and gRPC share one loop."""

    has_started: asyncio.Event

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        await self.on_tick(0)  # the Date header, before the first connection asks for it
        self.has_started.set()


def raise_file_limit() -> int:
    """Lift this process's soft limit of open files as far as it may go; return the limit.

    The usual 1,024 would be used up by as many silent connections, and then nobody gets in.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return OPEN_FILES if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def connection_ceiling(*, wanted: int, open_files: int) -> int:
    """Return how many connections may be open so that files are left for all else."""
    return max(min(wanted, open_files - RESERVED_FILES), 16)


async def _bind(host: str, port: int, *, key: str) -> socket.socket:
    """Bind the first address the name has; IPv6 addresses serve IPv6 alone."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _failed(error, host=host, port=port, key=key) from error
    try:
        listener.settimeout(0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _failed(error, host=host, port=port, key=key) from error
    return listener


def _failed(error: OSError, *, host: str, port: int, key: str) -> ListenFailed:
    fault = listen_fault(error, host=host, port=port)
    return ListenFailed(f"{host}:{port}: {fault.message}", key=key, hint=fault.hint)

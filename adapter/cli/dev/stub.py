"""The simulated carrier of `dev`: `legacy-stub` in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from adapter.cli.dev import die_with_parent
from adapter.diagnostics.cannot_start import CannotStart

READY_WITHIN_SECONDS = 30
STOPPED_WITHIN_SECONDS = 5
RESET_WITHIN_SECONDS = 10

ANNOUNCED = "legacy-stub listening on "
RESET = "/legacy_stub.Control/Reset"  # the stub's own control service; its messages are JSON


class StubFailed(CannotStart):
    """The stub does not run; the text is its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StubOptions:
    """The options the stub is started with; port 0 is a free one."""

    port: int
    contract: Path | None
    mapping: Path | None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line of `legacy-stub serve`."""
        files = {"--contract": self.contract, "--mapping": self.mapping}
        given = [text for name, file in files.items() if file for text in (name, str(file))]
        return ("serve", "--port", str(self.port), *given)


class Stub:
    """A running stub."""

    def __init__(self, process: asyncio.subprocess.Process, target: str) -> None:
        self._process = process
        self.target = target

    async def ended(self) -> int:
        """Wait for the stub to end and return its exit code, negative for a signal."""
        return await self._process.wait()

    async def reset(self, *, within_seconds: float = RESET_WITHIN_SECONDS) -> None:
        """Return every order to its state at the start."""
        async with grpc.aio.insecure_channel(self.target) as channel:
            ask: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(RESET)
            try:
                await ask(b"null", timeout=within_seconds, wait_for_ready=True)
            except grpc.aio.AioRpcError as error:
                raise StubFailed(f"legacy-stub cannot be reset: {error.code().name}.") from error


@asynccontextmanager
async def running_stub(options: StubOptions) -> AsyncIterator[Stub]:
    """Start the stub, and stop it at the end. Raises `StubFailed`, then nothing is left."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", die_with_parent.__file__, "legacy_stub", *options.arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # In a session of its own: Ctrl-C stops us, and we stop it when we are done.
        start_new_session=True,
    )
    try:
        yield Stub(process, await _announced(process))
    finally:
        await _stop(process)


async def _announced(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101 - asked for above
    assert process.stderr is not None  # noqa: S101 - asked for above
    try:
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            line = (await process.stdout.readline()).decode().strip()
            if line.startswith(ANNOUNCED):
                return line.removeprefix(ANNOUNCED)
            said = (await process.stderr.read()).decode().strip()
    except TimeoutError as error:
        raise StubFailed(f"legacy-stub did not start within {READY_WITHIN_SECONDS} s.") from error
    said = said.removeprefix("legacy-stub: ").removeprefix("error: ")
    raise StubFailed(said or f"legacy-stub printed {line!r} and exited.")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(STOPPED_WITHIN_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
    await process.wait()

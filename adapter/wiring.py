"""Constructs the running parts from settings, and closes them: the only module that does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter import from_settings
from adapter.cancellation.brake import Brake
from adapter.cancellation.desk import Desk
from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.gate import Gate
from adapter.cancellation.resolver import Resolver
from adapter.carrier.channel.client import GrpcCarrier
from adapter.carrier.contract.contract import Contract
from adapter.carrier.diagnose.lost_reason import LostReason
from adapter.carrier.mapping.grpc_status import DEFINITE, IN_DOUBT
from adapter.carrier.mapping.mapping import Mapping
from adapter.config.load import Settings
from adapter.config.sections import EdgeSettings
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.grpc_target import listen_address
from adapter.diagnostics.logger import Logger
from adapter.edge import app as edge_app
from adapter.edge.app import EdgeApp
from adapter.edge.limits import InFlightLimit
from adapter.edge.peer import networks
from adapter.edge.push import EdgeParts
from adapter.edge.refusals import REFUSALS
from adapter.edge.server import HttpServer, raise_file_limit
from adapter.ledger.memory import MemoryLedger
from adapter.ledger.open import file_of, open_ledger
from adapter.ledger.sqlite.growth import LogWatch
from adapter.ops import app as ops_app
from adapter.ops import carrier_metrics
from adapter.ops.carrier_metrics import CarrierMetrics
from adapter.ops.certificates import CertificateMetrics
from adapter.ops.controls import VERSION, Controls
from adapter.ops.health import Condition, DependencyMonitor, Health
from adapter.ops.metrics import Metrics
from adapter.ops.rewind_monitor import RewindMonitor
from adapter.running import Adapter, name_of, program_of
from adapter.wechat.envelope import Mode

if TYPE_CHECKING:
    from adapter.forward.client import HttpForwarder
    from adapter.ledger.durable import DurableLedger

RESOLVE_EVERY_SECONDS = 1.0
CLOSE_SECONDS = 0.5  # for replies under way when nothing was drained


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


@asynccontextmanager
async def running(
    settings: Settings, *, log: Logger, lines_dropped: Callable[[], int] = lambda: 0
) -> AsyncIterator[Adapter]:
    """Open the ledger and the carrier, listen, and close everything at the end.

    Raises `CannotStart`: then nothing is left open. Leaving does not drain; see `Adapter.drain`.
    `lines_dropped` tells how many log lines were lost."""
    gate, metrics, stop = Gate(), Metrics(log=log), asyncio.Event()
    mapping = await asyncio.to_thread(_mapping, settings)
    async with AsyncExitStack() as opened:
        core = await _core(settings, opened, mapping=mapping, metrics=metrics, gate=gate, log=log)
        forwarder = await asyncio.to_thread(_forwarder, settings, log)
        if forwarder is not None:
            opened.push_async_callback(forwarder.close)
            metrics.gauge("forward_circuit_open", lambda: forwarder.is_open)
        shared = _shared(settings, core.desk, mapping=mapping, metrics=metrics, log=log)
        app = _edge_app(settings, shared, opened, forwarder)
        edge = _edge(settings, app, metrics=metrics, log=log)
        metrics.counter("log_lines_dropped", lines_dropped)
        health = Health(gate=gate, edge=edge, parts=core.conditions())
        controls = core.controls(health, log=log, drain=stop.set)
        ops = _ops(settings, health=health, metrics=metrics, controls=controls)
        for server in (ops, edge):
            await server.start()
            opened.push_async_callback(server.close, within_seconds=CLOSE_SECONDS)
        # Only now: whoever cannot listen must neither settle doubt nor call an operator.
        core.watch(opened, gate=gate, metrics=metrics, log=log)
        yield Adapter(
            settings=settings,
            edge=edge,
            ops=ops,
            gate=gate,
            desk=core.desk,
            log=log,
            stop=stop,
            app=app,
            carrier=core.carrier,
            forwarder=forwarder,
            programs=dict(settings.programs),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Core:
    """Where cancellations are decided, and what that leans on."""

    carrier: GrpcCarrier
    ledger: DurableLedger | MemoryLedger
    desk: Desk
    resolver: Resolver
    growth: LogWatch | None
    reason: LostReason

    def controls(self, health: Health, *, log: Logger, drain: Callable[[], None]) -> Controls:
        return Controls(
            health=health,
            log=log,
            drain=drain,
            in_flight=lambda: self.desk.in_flight,
            in_doubt=lambda: self.resolver.in_doubt,
        )

    def watch(self, opened: AsyncExitStack, *, gate: Gate, metrics: Metrics, log: Logger) -> None:
        """Resolve what is in doubt, and log when a part is lost or back, until the end."""
        self.ledger.measure(metrics.committed)
        monitor = DependencyMonitor(parts=self.conditions(), log=log, count=metrics.alerted)
        metrics.gauge("ledger_rewound", lambda: self.rewound_since() is not None)
        rewinds = RewindMonitor(seen_at=self.rewound_since, log=log, count=metrics.alerted)
        works = [_resolving(self.resolver, gate, log), monitor.run(), rewinds.run()]
        works.append(self.reason.run())
        if self.growth is not None:
            works.append(self.growth.run())
        for work in works:
            opened.push_async_callback(_stopped, asyncio.create_task(work))

    def conditions(self) -> dict[str, Callable[[], Condition]]:
        return {"carrier": self.carrier_condition, "ledger": self.ledger_condition}

    def carrier_condition(self) -> Condition:
        return carrier_metrics.condition(self.carrier.state, reason=self.reason.text)

    def ledger_condition(self) -> Condition:
        fault, since = self.ledger.fault, self.rewound_since()
        detail = "" if since is None else "rewound"
        return Condition(
            is_up=fault is None,
            detail=fault or detail,
            facts=(("rewound", since is not None), ("rewound_at", since)),
        )

    def rewound_since(self) -> float | None:
        return self.ledger.rewind.seen_at


async def _core(
    settings: Settings,
    opened: AsyncExitStack,
    *,
    mapping: Mapping,
    metrics: Metrics,
    gate: Gate,
    log: Logger,
) -> _Core:
    ledger = await opened.enter_async_context(open_ledger(settings.ledger.url, may_be_away=True))
    carrier = await _carrier(settings, opened, mapping=mapping, log=log)
    limits = from_settings.desk_limits(settings, takes_request_id=carrier.traits.takes_request_id)
    brake = Brake() if settings.carrier.brake else None
    desk = Desk(
        carrier=carrier,
        ledger=ledger,
        metrics=metrics,
        clock=SystemClock(),
        gate=gate,
        limits=limits,
        brake=brake,
    )
    resolver = Resolver(
        carrier=carrier,
        ledger=ledger,
        metrics=metrics,
        clock=SystemClock(),
        call_seconds=limits.call_seconds,
    )
    core = _Core(
        carrier=carrier,
        ledger=ledger,
        desk=desk,
        resolver=resolver,
        growth=_growth(settings, log),
        reason=_lost_reason(settings, carrier, mapping),
    )
    _show(core, metrics, brake=brake)
    _expect(metrics, settings, mapping=mapping, gate=gate)
    return core


def _show(core: _Core, metrics: Metrics, *, brake: Brake | None) -> None:
    """Show what the core keeps, at each scrape."""
    metrics.gauge("in_flight", lambda: core.desk.in_flight)
    metrics.gauge("retry_tokens", lambda: core.desk.retry_tokens)
    metrics.gauge("carrier_braked", lambda: brake is not None and brake.is_on)
    metrics.gauge("in_doubt", lambda: core.resolver.in_doubt)
    metrics.gauge("carrier_up", lambda: bool(core.carrier_condition().is_up))
    metrics.gauge("ledger_up", lambda: core.ledger.fault is None)
    if core.growth is not None:
        metrics.gauge("ledger_wal_bytes", core.growth.wal_bytes)
        metrics.gauge("ledger_disk_free_bytes", core.growth.disk_free_bytes)
    metrics.show(
        CarrierMetrics(state=lambda: core.carrier.state, addresses=core.carrier.address_states)
    )


def _growth(settings: Settings, log: Logger) -> LogWatch | None:
    """Return who watches the files of the ledger, if it is in files."""
    url = settings.ledger.url
    return LogWatch(file_of(url), log=log) if url.startswith("sqlite") else None


@asynccontextmanager
async def lookups(settings: Settings) -> AsyncIterator[GrpcCarrier]:
    """Open the carrier for a command that only looks up. Raises `CannotStart`, also where the
    mapping has no lookup."""
    mapping = await asyncio.to_thread(_mapping, settings)
    if mapping.lookup_method is None:
        raise CannotStart("the mapping has no lookup.", key="carrier.mapping")
    options = from_settings.carrier_options(settings.carrier)
    carrier = await GrpcCarrier.open(options=options, mapping=mapping)
    try:
        yield carrier
    finally:
        await carrier.close(within_seconds=0.0)


def _expect(metrics: Metrics, settings: Settings, *, mapping: Mapping, gate: Gate) -> None:
    """Make the series that a configuration leads one to expect, and those that never change."""
    metrics.expect(
        programs={name_of(key): Mode(each.mode) for key, each in settings.programs.items()},
        refusals=REFUSALS,
        statuses=(*(row.word for row in mapping.rows), *DEFINITE, *IN_DOUBT),
    )
    metrics.build(version=VERSION)
    metrics.show(CertificateMetrics(from_settings.certificates(settings.carrier)))
    metrics.gauge("paused", lambda: gate.paused)
    metrics.gauge("draining", lambda: gate.draining)


async def _carrier(
    settings: Settings, opened: AsyncExitStack, *, mapping: Mapping, log: Logger
) -> GrpcCarrier:
    options = from_settings.carrier_options(settings.carrier)
    carrier = await GrpcCarrier.open(options=options, mapping=mapping, log=log)
    opened.push_async_callback(carrier.close, within_seconds=0.0)
    return carrier


def _lost_reason(settings: Settings, carrier: GrpcCarrier, mapping: Mapping) -> LostReason:
    return LostReason(
        from_settings.carrier_options(settings.carrier),
        beside=mapping.method.path,
        is_connected=lambda: carrier.is_connected,
    )


def _mapping(settings: Settings) -> Mapping:
    contract = Contract.load(settings.carrier.descriptors)
    return Mapping.load(contract, settings.carrier.mapping)


def _forwarder(settings: Settings, log: Logger) -> HttpForwarder | None:
    """Return the handler of other events, if there is one. Without one its HTTP client is not
    even loaded: five MiB."""
    if not settings.forward.url:
        return None
    from adapter.forward.client import HttpForwarder

    return HttpForwarder(settings.forward.url, log=log)


def _shared(
    settings: Settings, desk: Desk, *, mapping: Mapping, metrics: Metrics, log: Logger
) -> EdgeParts:
    limits = from_settings.edge_limits(settings.edge)
    return EdgeParts(
        desk=desk,
        tally=metrics,
        log=log,
        limits=limits,
        room=InFlightLimit(limits.max_in_flight),
        show_message=mapping.show_message,
        trusted_proxies=networks(settings.edge.trusted_proxies),
    )


def _edge_app(
    settings: Settings, shared: EdgeParts, opened: AsyncExitStack, forwarder: HttpForwarder | None
) -> EdgeApp:
    programs = {
        settings.path_of(key): program_of(key, program, forwarder=forwarder)
        for key, program in settings.programs.items()
    }
    app = edge_app.create_app(programs, shared)
    opened.callback(app.refusals.tell)
    return app


def _edge(settings: Settings, app: EdgeApp, *, metrics: Metrics, log: Logger) -> HttpServer:
    listen = listen_address(settings.edge.listen)
    patience = from_settings.connection_limits(settings.edge, open_files=raise_file_limit())
    if patience.connections < settings.edge.max_connections:
        wanted = settings.edge.max_connections
        log.warning("connections_limited", limit=patience.connections, wanted=wanted)
    server = HttpServer(
        app,
        host=listen.host,
        port=listen.port or 0,
        key="edge.listen",
        patience=patience,
        refused=app.refusals.refused,
    )
    metrics.gauge("edge_connections", lambda: server.connections)
    return server


def _ops(settings: Settings, *, health: Health, metrics: Metrics, controls: Controls) -> HttpServer:
    listen = listen_address(settings.ops.listen)
    app = ops_app.create_app(
        health=health,
        metrics=metrics,
        routes=controls.routes(),
        hosts=(listen.host, *settings.ops.allowed_hosts),
        any_address=listen.is_everywhere,
    )
    # No settings of its own: a narrow edge must not keep operators out.
    patience = from_settings.connection_limits(EdgeSettings(), open_files=raise_file_limit())
    return HttpServer(
        app, host=listen.host, port=listen.port or 0, key="ops.listen", patience=patience
    )


async def _resolving(resolver: Resolver, gate: Gate, log: Logger) -> None:
    """Look at what is in doubt, for as long as this process serves."""
    while not gate.draining:
        try:
            await resolver.run_once()
        except LedgerUnavailable as error:
            log.warning("doubt_not_looked_at", why=str(error))
        await asyncio.sleep(RESOLVE_EVERY_SECONDS)


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()

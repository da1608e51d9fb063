"""From what `serve` was given to a running stub, until a signal stops it."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvloop

from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.mapping import Mapping
from legacy_stub.calls import CallLog, SqliteJournal
from legacy_stub.order_system import Habits, OrderSystem
from legacy_stub.orders import SHIPPED_ORDERS, OrderBook
from legacy_stub.scenarios import Scenario
from legacy_stub.server import StubServer, failure_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What `serve` was given; None: what ships with the stub, or for the database nothing."""

    host: str
    port: int
    orders: Path | None
    scenario: Path | None
    contract: Path | None
    mapping: Path | None
    database: Path | None
    remembers_request_ids: bool


def serve(serving: Serving, *, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `announce` gets the address once it listens.

    Raises `CannotStart` when it cannot begin.
    """
    contract = Contract.load(serving.contract)
    mapping = Mapping.load(contract, serving.mapping)
    habits = Habits(
        book=OrderBook.load(serving.orders or SHIPPED_ORDERS).named_by(mapping.order_that_fits),
        scenario=Scenario.load(serving.scenario) if serving.scenario else Scenario(),
        remembers_request_ids=serving.remembers_request_ids,
        failure_of=partial(failure_text, mapping),
    )
    # Last: a stub that cannot start leaves no new file behind.
    opened = closing(SqliteJournal(serving.database)) if serving.database else nullcontext()
    with opened as journal:
        chance = random.random  # noqa: S311 - a fault's luck is no secret
        system = OrderSystem(habits, log=CallLog(journal), now=time.time, chance=chance)
        uvloop.run(_run(contract, mapping, system, serving, announce))


async def _run(
    contract: Contract,
    mapping: Mapping,
    system: OrderSystem,
    serving: Serving,
    announce: Callable[[str], None],
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    server = StubServer(contract=contract, mapping=mapping, system=system)
    port = await server.start(host=serving.host, port=serving.port)
    try:
        announce(f"{serving.host}:{port}")
        await stopping.wait()
    finally:
        await server.stop()

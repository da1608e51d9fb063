"""Ledgers with known pushes in them, for the tests of `waybridge ledger`."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

from click.testing import CliRunner, Result

from adapter.cancellation.model import Basis, Call, Cause, Entry, Outcome, State
from adapter.cancellation.ports import Rule, WaybillView, Write
from adapter.cli.ledger.command import command
from adapter.ledger.open import file_of, open_ledger
from adapter.ledger.postgresql.connection import connect

NOW = time.time()
HOUR, DAY = 3_600.0, 86_400.0


def push(number: int, **fields: object) -> Entry:
    """A push that was cancelled, told so, and received `number` hours ago."""
    entry = Entry(
        key=f"{number:04x}" * 8,
        account="gh_abcdefg",
        open_id="oABCD",
        pushed_at=1_533_042_556,
        biz_id="xyz",
        order_id=f"ORDER-{number}",
        waybill_id=f"SF{number:09d}",
        shop_app_id="wxABCD",
        state=State.DONE,
        received_at=NOW - number * HOUR,
        calls=1,
        outcome=Outcome.CANCELLED,
        basis=Basis.CARRIER,
        told=Outcome.CANCELLED,
        owner="1",
        called_at=NOW - number * HOUR,
        settled_at=NOW - number * HOUR + 0.25,
        cause=Cause.CARRIER,
        why="CANCELLED",
    )
    return replace(entry, **fields)  # type: ignore[arg-type]


def doubtful(number: int, **fields: object) -> Entry:
    """A push whose only call left doubt, and who was told so."""
    nothing = {"outcome": None, "basis": None, "settled_at": 0.0}
    doubt = {"state": State.IN_DOUBT, "told": Outcome.IN_DOUBT, "why": "UNAVAILABLE"}
    return push(number, **{**nothing, **doubt, **fields})


def unsent(number: int, reason: str) -> Entry:
    """A push that was answered without asking the carrier, and why."""
    nothing = {"outcome": None, "basis": None, "told": None, "calls": 0, "called_at": 0.0}
    return push(number, state=State.UNSENT, cause=reason, why="", **nothing)


# What the ledger of a desk holds: a little of everything, two pushes of one waybill among it.
CANCELLED = push(1)
DOUBTFUL = doubtful(2, waybill_id="SF-DOUBT")
PAUSED = unsent(3, "paused")
OLD = push(24 * 200, outcome=Outcome.PICKED_UP, told=Outcome.PICKED_UP)
AGAIN = replace(DOUBTFUL, key="ab" * 16, waybill_id=CANCELLED.waybill_id, received_at=NOW - 60)
EVERYTHING = (CANCELLED, DOUBTFUL, PAUSED, OLD, AGAIN)


def call_of(entry: Entry) -> Call:
    """The only call of the push, ended a quarter of a second after it was sent."""
    return Call(
        key=entry.key,
        epoch=1,
        sent_at=entry.called_at,
        ended_at=entry.called_at + 0.25,
        status=entry.why,
        outcome=entry.outcome or Outcome.IN_DOUBT,
    )


def record(url: str, entries: Iterable[Entry]) -> None:
    """Write pushes with their calls, as a `serve` would; nothing else has the ledger open."""

    async def write() -> None:
        async with open_ledger(url) as ledger:
            await asyncio.gather(
                *(
                    ledger.commit(entry.waybill, _writing(entry), within_seconds=60)
                    for entry in entries
                )
            )

    asyncio.run(write())


def _writing(entry: Entry) -> Rule[None]:
    def decide(story: WaybillView) -> Write[None]:
        calls = (call_of(entry),) if entry.calls else ()
        return Write(result=None, entries=(entry,), calls=calls)

    return decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where an operator types: a configuration, and the ledger it names."""

    config: Path
    url: str

    def types(self, *words: str, stdin: str | None = None) -> Result:
        """Run `waybridge ledger WORDS`; exit codes and both streams are in the result."""
        name, *rest = words
        arguments = [name, "--config", str(self.config), *rest]
        return CliRunner().invoke(command, arguments, input=stdin)

    def finds(self, *words: str) -> list[str]:
        """Return the keys that `waybridge ledger search WORDS` finds, in its order."""
        result = self.types("search", "--json", *words)
        assert result.exit_code == 0
        return [row["key"] for row in json.loads(result.stdout)]


def desk_at(folder: Path, url: str) -> Desk:
    """Write a configuration without any secret, as a shell beside a `serve` has it."""
    config = folder / "adapter.toml"
    config.write_text(f'[wechat]\nlocale = "en"\n[ledger]\nurl = "{url}"\n')
    return Desk(config=config, url=url)


def rewound_seconds_ago(url: str, seconds: float, *, instead: bool = False) -> None:
    """Have the ledger count as rewound since then; `instead` of what was noticed before."""

    statements = [
        *(["DELETE FROM rewind"] if instead else []),
        f"INSERT INTO rewind (seen_at, cause) VALUES ({time.time() - seconds}, 'x')",  # noqa: S608
    ]
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(file_of(url))) as file, file:
            for statement in statements:
                file.execute(statement)
    else:
        asyncio.run(_execute(url, statements))


async def _execute(url: str, statements: Iterable[str]) -> None:
    connection = await connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@contextmanager
def served(url: str) -> Iterator[None]:
    """Have the ledger open in another thread, as a `serve` has."""
    ready, over = Event(), Event()

    async def serve() -> None:
        async with open_ledger(url):
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    try:
        yield
    finally:
        over.set()
        thread.join()

"""A ledger in trouble under a real `serve`: nobody is kept waiting, nobody is called unrecorded.

The promises are −1 within 1 s, the fault shown within 1 s, serving within 2 s of the repair.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import httpx2
import pytest

from adapter.ledger.operate.maintenance import migrate
from adapter.ledger.tables import SCHEMA
from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender
from adapter.simulator.play import play
from adapter.simulator.press import PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from legacy_stub.control import Control
from tests import defaults
from tests.conformance.pgbouncer import MISSING, PGBOUNCER, pgbouncer
from tests.conformance.postgres import Postgres
from tests.journeys import misfortunes
from tests.journeys.archive import read_books
from tests.journeys.misfortunes import Misfortune, Victim
from tests.journeys.processes import (
    AES_KEY,
    APP_ID,
    TOKEN,
    configuration,
    running,
    serving,
    stub,
)

pytestmark = pytest.mark.usefixtures("may_wait")

ACCOUNT = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(AES_KEY),
)
# What is promised, and as much again: other tests share this machine's two cores.
ANSWERED_SECONDS = 2.0
SHOWN_SECONDS = 2.0
SERVING_SECONDS = 4.0
LOOK_SECONDS = 0.02
NOT_NOW = -1

Say = Callable[[object], None]

PRESSES = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one push came to."""

    waybill: str
    status: int | None
    code: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """A running `serve` with a stub of its own behind it."""

    edge: str
    ops: str
    target: str
    ledger: str

    def press(self) -> Heard:
        """Press once for a waybill that nobody pressed for before."""
        press = PressFields.of(CASES["ok"], create_time=1_600_000_000, word=f"F{next(PRESSES)}")

        async def push() -> Heard:
            async with Sender(self.edge) as sender:
                played = await play(press, Format.XML, account=ACCOUNT, sender=sender, case=None)
            reply, answer = played.verdict.reply, played.answers[-1]
            return Heard(
                waybill=press.text("WayBillID"),
                status=answer.status,
                code=reply.result_code if reply else None,
                seconds=answer.seconds,
            )

        return asyncio.run(push())

    def fault(self) -> str | None:
        """What `/readyz` and the metric agree is wrong with the ledger; the status is 200."""
        with httpx2.Client(base_url=self.ops, trust_env=False) as client:
            ready = client.get("/readyz")
            page = client.get("/metrics").text
        up = re.search(r"^waybridge_ledger_up (\S+)", page, re.MULTILINE)
        told = ready.json()["ledger"]
        assert ready.status_code == 200
        assert up is not None
        return str(told["detail"]) if told["state"] == "down" and float(up[1]) == 0 else None

    def called(self) -> set[str]:
        """Every waybill that the carrier was called about."""
        with Control(self.target) as control:
            return {call.waybill for call in control.calls()}


def seconds_until(holds: Callable[[], bool], *, within: float) -> float:
    """Return after how many seconds something holds; fail when it does not in time."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < within
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - started


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stub(cwd=tmp_path_factory.mktemp("stub")) as target:
        yield target


@pytest.fixture
def fresh(target: str) -> str:
    """The stub's target, all its calls forgotten."""
    with Control(target) as control:
        control.reset()
    return target


@contextmanager
def on_the_road(
    folder: Path, target: str, url: str, *, server: Postgres | None = None
) -> Iterator[tuple[Road, Victim]]:
    """Run `serve` on the ledger at the URL."""
    with serving(configuration(folder, target, ledger=url)) as (serve, edge, ops):
        road = Road(edge=edge, ops=ops, target=target, ledger=url)
        yield (
            road,
            Victim(file=folder / "journey.db", pid=serve.process.pid, url=url, server=server),
        )


def through(misfortune: Misfortune, word: str, road: Road, victim: Victim) -> str:
    """Go through a fault and judge it; return what was measured, in words."""
    healthy = road.press()
    with misfortune(victim), ThreadPoolExecutor(1) as beside:
        pressing = beside.submit(road.press)
        shown = seconds_until(lambda: road.fault() is not None, within=SHOWN_SECONDS)
        refused = [pressing.result(), *(road.press() for _ in range(2))]
        found = road.fault()
    serving_after = seconds_until(lambda: road.press().code == 0, within=SERVING_SECONDS)
    seconds_until(lambda: road.fault() is None, within=SERVING_SECONDS)

    assert (healthy.code, found) == (0, word)
    assert [(heard.status, heard.code) for heard in refused] == [(200, NOT_NOW)] * 3
    slowest = max(heard.seconds for heard in refused)
    assert slowest < ANSWERED_SECONDS
    called = road.called()
    assert not {heard.waybill for heard in refused} & called
    assert called <= {entry.waybill_id for entry in read_books(road.ledger).entries if entry.calls}
    return f"answered in {slowest:.2f} s, shown after {shown:.2f} s, back in {serving_after:.2f} s"


@pytest.mark.parametrize(
    ("misfortune", "word"),
    [
        (misfortunes.locked, "locked"),
        (misfortunes.moved, "moved"),
        (misfortunes.replaced, "moved"),
        (misfortunes.no_file_may_grow, "io"),
        (misfortunes.read_only, "read_only"),
        (misfortunes.damaged, "corrupt"),
        (misfortunes.table_missing, "schema"),
    ],
)
def test_a_file_in_trouble_is_told_at_once_and_back_without_a_restart(
    misfortune: Misfortune, word: str, fresh: str, tmp_path: Path, say: Say
) -> None:
    with on_the_road(tmp_path, fresh, f"sqlite:///{tmp_path}/journey.db") as (road, victim):
        say(f"{word}: {through(misfortune, word, road, victim)}")


def test_a_full_disk_is_told_at_once_and_back_without_a_restart(
    fresh: str, tmp_path: Path, say: Say
) -> None:
    with (
        misfortunes.small_disk(tmp_path),
        on_the_road(tmp_path, fresh, f"sqlite:///{tmp_path}/journey.db") as (road, victim),
    ):
        say(f"full: {through(misfortunes.disk_full, 'full', road, victim)}")


@pytest.mark.parametrize(
    ("misfortune", "word"),
    [
        (misfortunes.stopped, "unreachable"),
        (misfortunes.standing_still, "stuck"),
        (misfortunes.standby, "read_only"),
        (misfortunes.statements_time_out, "timeout"),
    ],
)
def test_a_server_in_trouble_is_told_at_once_and_back_without_a_restart(
    misfortune: Misfortune, word: str, fresh: str, tmp_path: Path, postgres: Postgres, say: Say
) -> None:
    url = postgres.new_database()
    asyncio.run(migrate(url))

    with on_the_road(tmp_path, fresh, url, server=postgres) as (road, victim):
        say(f"PostgreSQL {word}: {through(misfortune, word, road, victim)}")


def test_serve_starts_while_its_server_is_stopped_and_recovers_by_itself(
    fresh: str, tmp_path: Path, postgres: Postgres, say: Say
) -> None:
    url = postgres.new_database()
    asyncio.run(migrate(url))
    postgres.stop()

    try:
        with on_the_road(tmp_path, fresh, url, server=postgres) as (road, _):
            refused, fault = [road.press() for _ in range(3)], road.fault()
            postgres.start()
            after = seconds_until(lambda: road.press().code == 0, within=SERVING_SECONDS)
    finally:
        postgres.start()

    assert fault == "unreachable"
    assert [(heard.status, heard.code) for heard in refused] == [(200, NOT_NOW)] * 3
    assert max(heard.seconds for heard in refused) < ANSWERED_SECONDS
    say(f"started without its server, back in {after:.2f} s")


@pytest.mark.parametrize("wrong", ["role", "database"])
def test_serve_refuses_what_no_waiting_mends(
    wrong: str, fresh: str, tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.new_database()
    asyncio.run(migrate(url))
    url = url.replace("postgres:@", "nobody:@") if wrong == "role" else url.replace("/led", "/no")
    config = configuration(tmp_path, fresh, ledger=url)

    with running("adapter", "serve", "--config", str(config), cwd=tmp_path) as refused:
        code = refused.ended()

    assert code == 2
    assert "does not exist" in refused.stderr


@pytest.mark.skipif(PGBOUNCER is None, reason=MISSING)
def test_behind_session_pooling_all_is_as_without_and_transaction_pooling_is_refused(
    fresh: str, tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.new_database()
    asyncio.run(migrate(url))

    with (
        pgbouncer(url, mode="session") as pooled,
        on_the_road(tmp_path, fresh, pooled, server=postgres) as (road, _),
    ):
        config = configuration(tmp_path, fresh, ledger=pooled)
        before = road.press()
        with running("adapter", "ledger", "search", "--config", str(config), cwd=tmp_path) as read:
            found = read.ended()
        after = [road.press().code for _ in range(20)]
    said = []
    with pgbouncer(url, mode="transaction") as pooled:
        config = configuration(tmp_path, fresh, ledger=pooled)
        for words in (("serve",), ("ledger", "search"), ("check",)):
            with running("adapter", *words, "--config", str(config), cwd=tmp_path) as refused:
                said.append((refused.ended(), "transaction pooling" in refused.stderr))

    assert (before.code, found, set(after)) == (0, 0, {0})
    assert said == [(2, True), (2, True), (1, True)]


def test_a_second_serve_on_a_file_is_refused_and_the_first_serves_on(
    fresh: str, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/journey.db"
    with on_the_road(tmp_path, fresh, url) as (road, victim):
        config = configuration(tmp_path, fresh, ledger=url)
        with running("adapter", "serve", "--config", str(config), cwd=tmp_path) as second:
            code = second.ended()
        after = road.press()

    assert (code, after.code) == (2, 0)
    assert f"in use by process {victim.pid}" in second.stderr
    assert len(second.stderr.splitlines()) == 1


def test_serve_refuses_an_old_schema_until_it_is_migrated(
    fresh: str, tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.new_database()
    config = configuration(tmp_path, fresh, ledger=url)

    with running("adapter", "serve", "--config", str(config), cwd=tmp_path) as refused:
        code = refused.ended()
    with running("adapter", "ledger", "migrate", "--config", str(config), cwd=tmp_path) as first:
        migrated = first.ended()
    with on_the_road(tmp_path, fresh, url, server=postgres) as (road, _):
        after = road.press()

    assert (code, migrated, after.code) == (2, 0, 0)
    assert "waybridge ledger migrate" in refused.stderr
    assert f"none → {SCHEMA}" in first.stdout

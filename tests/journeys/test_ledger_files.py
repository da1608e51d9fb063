"""Backup, restore and copy of a ledger that a real `serve` works on, and of a large one."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest

from adapter.ledger.open import open_ledger
from adapter.ledger.operate.maintenance import migrate
from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender
from adapter.simulator.play import play
from adapter.simulator.press import PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.conformance.postgres import Postgres
from tests.journeys.processes import AES_KEY, APP_ID, TOKEN, configuration, serving, stub

pytestmark = pytest.mark.usefixtures("may_wait")

Say = Callable[[object], None]
ACCOUNT = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(AES_KEY),
)
ROOT = Path(__file__).parents[2]
PER_SECOND = 200
WARM_PUSHES = 200
LARGE = 1_000_000
FLAT_KIB = 200 * 1024  # Python, SQLAlchemy and a page of rows; the ledger is several times that
NUMBERS = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """How a command ended, how long it took, and the most memory it had."""

    code: int
    said: str
    seconds: float
    peak_kib: int


def typed(*words: str, cwd: Path) -> Typed:
    """Run a command as an operator does."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "adapter", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    return Typed(code=process.returncode, said=said, seconds=seconds, peak_kib=usage.ru_maxrss)


def new_press() -> PressFields:
    return PressFields.of(
        CASES["ok"], create_time=1_600_000_000, word=f"B{os.getpid()}-{next(NUMBERS)}"
    )


async def pushed(sender: Sender, press: PressFields) -> int | None:
    played = await play(press, Format.XML, account=ACCOUNT, sender=sender, case=None)
    return played.verdict.reply.result_code if played.verdict.reply else None


def codes_of(edge: str, presses: list[PressFields]) -> list[int | None]:
    async def push() -> list[int | None]:
        async with Sender(edge) as sender:
            return [await pushed(sender, press) for press in presses]

    return asyncio.run(push())


async def pushing(edge: str, answered: list[str], stop: asyncio.Event) -> None:
    """Push 200 a second; `answered` grows by each waybill that was told 0."""

    async def one(sender: Sender) -> None:
        press = new_press()
        if await pushed(sender, press) == 0:
            answered.append(press.text("WayBillID"))

    async with Sender(edge) as sender, asyncio.TaskGroup() as group:
        while not stop.is_set():
            group.create_task(one(sender))
            await asyncio.sleep(1 / PER_SECOND)


async def while_pushing(edge: str, work: Callable[[], Typed]) -> tuple[Typed, list[str], int]:
    """Run `work` amid pushes; return what was answered before it began, and how many in all."""
    answered: list[str] = []
    stop = asyncio.Event()
    beside = asyncio.create_task(pushing(edge, answered, stop))
    while len(answered) < WARM_PUSHES:  # noqa: ASYNC110 - the answers themselves are waited for
        await asyncio.sleep(0.01)
    before = list(answered)
    done = await asyncio.to_thread(work)
    stop.set()
    await beside
    return done, before, len(answered)


def waybills_in(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {waybill for (waybill,) in connection.execute("SELECT waybill_id FROM push")}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stub(cwd=tmp_path_factory.mktemp("stub")) as target:
        yield target


def test_a_backup_under_200_pushes_a_second_holds_all_that_was_answered_and_is_put_back(
    target: str, tmp_path: Path, say: Say
) -> None:
    copy = tmp_path / "copy.db"
    config = str(configuration(tmp_path, target))
    with serving(Path(config)) as (_, edge, _ops):
        words = ("ledger", "backup", "--config", config, str(copy))
        done, before, answered = asyncio.run(
            while_pushing(edge, lambda: typed(*words, cwd=tmp_path))
        )
        refused = typed("ledger", "restore", "--config", config, str(copy), "--yes", cwd=tmp_path)
    held = waybills_in(copy)
    restored = typed("ledger", "restore", "--config", config, str(copy), "--yes", cwd=tmp_path)

    assert (done.code, refused.code, restored.code) == (0, 2, 0)
    assert set(before) <= held
    assert len(held) < answered
    assert waybills_in(tmp_path / "journey.db") == held
    say(f"backup in {done.seconds:.1f} s amid {answered} pushes: {len(before)} of {len(before)}")


def test_a_running_installation_moves_and_its_repeats_hear_what_they_heard(
    target: str, tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.new_database()
    config = configuration(tmp_path, target)
    words = ("ledger", "copy", "--config", str(config), url)
    presses = [new_press() for _ in range(20)]
    second_presses = [press.with_fields({"CreateTime": "1600000099"}) for press in presses[:5]]
    with serving(config) as (_, edge, _ops):
        before = codes_of(edge, [*presses, *second_presses])
        first, early, _ = asyncio.run(while_pushing(edge, lambda: typed(*words, cwd=tmp_path)))
    last = typed(*words, cwd=tmp_path)
    config = configuration(tmp_path, target, ledger=url)
    with serving(config) as (_, edge, _ops):
        after = codes_of(edge, [*presses, *second_presses])
        fresh = codes_of(edge, [new_press()])
    back = typed("ledger", "copy", "--config", str(config), "sqlite:///back.db", cwd=tmp_path)

    assert (first.code, last.code, back.code) == (1, 0, 0)
    assert after == before
    assert set(before[20:]) == {30003}
    assert (set(before[:20]), fresh) == ({0}, [0])
    assert set(early) <= waybills_in(tmp_path / "back.db")


def fill(path: Path) -> None:
    """Write a million pushes, each with its call."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"INSERT INTO push (key, account, open_id, pushed_at, biz_id, order_id, waybill_id,"  # noqa: S608
            " shop_app_id, state, received_at, calls, outcome, basis, message, told, deliveries,"
            f" owner, called_at, settled_at, why, cause) {numbers}"
            " SELECT printf('%08x%08x%08x%08x', i * 2654435761 % 4294967296, i, i, i), 'gh_a',"
            " 'oABCD', 1600000000 + i, 'xyz', 'O' || i, 'SF' || i, 'wx', 'done',"
            " 1600000000.25 + i, 1, 'cancelled', 'carrier', '', 'cancelled', 1, '1',"
            " 1600000000.5 + i, 1600000000.75 + i, 'CANCELLED', 'carrier' FROM n",
            (LARGE,),
        )
        connection.execute(
            "INSERT INTO call (key, epoch, sent_at, ended_at, status, outcome)"
            " SELECT key, 1, called_at, settled_at, why, outcome FROM push"
        )


@pytest.mark.prove
def test_a_million_pushes_are_copied_in_flat_memory(
    target: str, tmp_path: Path, postgres: Postgres, say: Say
) -> None:
    path = tmp_path / "journey.db"
    config = str(configuration(tmp_path, target))
    asyncio.run(migrate(f"sqlite:///{path}"))
    asyncio.run(_served_once(f"sqlite:///{path}"))
    fill(path)
    url = postgres.new_database()
    commands = {
        "backup": ("backup", str(tmp_path / "copy.db")),
        "restore": ("restore", str(tmp_path / "copy.db"), "--yes"),
        "copy": ("copy", url),
        "copy again": ("copy", url),
    }

    for name, (verb, *words) in commands.items():
        done = typed("ledger", verb, "--config", config, *words, cwd=tmp_path)
        size = path.stat().st_size / (1 << 20)
        say(f"{name}: {done.seconds:.0f} s, {size:.0f} MiB, peak {done.peak_kib / 1024:.0f} MiB")
        assert done.code == 0, done.said
        assert done.peak_kib < FLAT_KIB


async def _served_once(url: str) -> None:
    async with open_ledger(url):
        pass

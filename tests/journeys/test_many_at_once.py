"""Many settled in one command beside a real `serve`, which goes on answering."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

from adapter.cancellation.model import Entry
from adapter.ledger.operate.maintenance import migrate
from adapter.ledger.search import open_archive
from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender
from adapter.simulator.play import play
from adapter.simulator.press import PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.cli.ledgers import doubtful, record
from tests.conformance.postgres import Postgres
from tests.journeys.processes import AES_KEY, APP_ID, TOKEN, configuration, serving, stub

Say = Callable[[object], None]

pytestmark = pytest.mark.usefixtures("may_wait")

ROOT = Path(__file__).parents[2]
WITHIN_SECONDS = 30.0
AT_ONCE = 2_000  # written into the ledger together, before anybody serves
EVERY = 5  # of so many pushes one was cancelled
ACCOUNT = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(AES_KEY),
)
TOLD_FAILURE = re.compile(r"^waybridge_told_failure_is_cancelled_total (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the command said, how long it took, and what pushes were told meanwhile."""

    said: str
    seconds: float
    codes: tuple[int | None, ...]
    slowest: float
    counted: int


@pytest.mark.parametrize(
    "number", [500, pytest.param(10_000, marks=[pytest.mark.prove, pytest.mark.timeout(300)])]
)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_many_are_settled_from_a_csv_beside_a_serve(
    number: int, database: str, tmp_path: Path, request: pytest.FixtureRequest, say: Say
) -> None:
    url = f"sqlite:///{tmp_path}/journey.db"
    if database == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.new_database()
        asyncio.run(migrate(url))
    entries = [doubtful(0, key=f"{each:032x}", waybill_id=f"MANY-{each}") for each in range(number)]
    for start in range(0, number, AT_ONCE):
        record(url, entries[start : start + AT_ONCE])
    file = tmp_path / "settled.csv"
    file.write_text("key,outcome,reason\n" + "".join(map(_line, entries)))

    with stub(cwd=tmp_path) as target:
        config = configuration(tmp_path, target, ledger=url)
        with serving(config) as (_, edge, ops):
            settled = asyncio.run(_settle(file, config, edge, ops, to_count=number // EVERY))

    say(f"{number} on {database}: {settled.seconds:.1f} s, slowest reply {settled.slowest:.2f} s")
    cancelled = number // EVERY
    assert f"{number} pushes settled by li: " in settled.said
    assert f"{cancelled} cancelled" in settled.said
    assert settled.seconds < WITHIN_SECONDS
    assert set(settled.codes) == {0}
    assert settled.counted == cancelled
    first, other = asyncio.run(_chronicles(url, [entries[0].key, entries[1].key]))
    assert first == [("li", "the depot's list", "cancelled")]
    assert other == [("li", "the depot's list", "failed")]


def _line(entry: Entry) -> str:
    outcome = "cancelled" if int(entry.key, 16) % EVERY == 0 else "failed"
    return f"{entry.key},{outcome},the depot's list\n"


async def _settle(file: Path, config: Path, edge: str, ops: str, *, to_count: int) -> Settled:
    words = ("ledger", "resolve", "--csv", str(file), "--by", "li", "--yes")
    began = time.monotonic()
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adapter", *words, "--config", str(config),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    pressing = asyncio.create_task(_press_until_done(command, edge))
    said, _ = await command.communicate()
    seconds = time.monotonic() - began
    codes, slowest = await pressing
    return Settled(
        said=said.decode(),
        seconds=seconds,
        codes=codes,
        slowest=slowest,
        counted=await _counted(ops, to_count),
    )


async def _press_until_done(
    command: asyncio.subprocess.Process, edge: str
) -> tuple[tuple[int | None, ...], float]:
    """Press one button after the other; return what was told, and the slowest reply."""
    codes: list[int | None] = []
    slowest = 0.0
    async with Sender(edge) as sender:
        while command.returncode is None or not codes:
            press = PressFields.of(
                CASES["ok"], create_time=1_600_000_000 + len(codes), word=f"P{len(codes)}"
            )
            began = time.monotonic()
            played = await play(press, Format.JSON, account=ACCOUNT, sender=sender, case=None)
            slowest = max(slowest, time.monotonic() - began)
            reply = played.verdict.reply
            codes.append(None if reply is None else reply.result_code)
    return tuple(codes), slowest


async def _counted(ops: str, wanted: int) -> int:
    """Return how many merchants `serve` says there are to tell, once it has counted them all."""
    deadline = time.monotonic() + WITHIN_SECONDS
    page = urljoin(ops, "/metrics")
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
        while True:
            found = TOLD_FAILURE.search((await client.get(page)).text)
            counted = int(float(found[1])) if found else 0
            if counted >= wanted or time.monotonic() > deadline:
                return counted
            await asyncio.sleep(0.1)


async def _chronicles(url: str, keys: Sequence[str]) -> list[list[tuple[str, str, str]]]:
    async with open_archive(url) as archive:
        told = [await archive.show(key) for key in keys]
    return [
        [(word.who, word.reason, word.outcome.value) for word in each.resolutions]
        for each in told
        if each is not None
    ]

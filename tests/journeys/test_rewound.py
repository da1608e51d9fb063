"""A ledger that went back in time under real `serve`s: seen at once, obeyed by all, accepted.

The promises are `rewound` within 2 s of reconnection, and until it is accepted no 30003, and no 0
but what is stored or the carrier's own *cancelled*; every −1 says that the outcome is unknown.
"""

from __future__ import annotations

import asyncio
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import httpx2
import pytest

from adapter.cancellation.model import Outcome
from adapter.edge.translate import TEXTS
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
from tests.journeys.processes import (
    AES_KEY,
    APP_ID,
    TOKEN,
    Listened,
    configuration,
    running,
    serving,
    stub,
)

pytestmark = [pytest.mark.usefixtures("may_wait"), pytest.mark.timeout(180)]

ACCOUNT = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(AES_KEY),
)
SHOWN_SECONDS = 2.0
SERVING_SECONDS = 10.0
LOOK_SECONDS = 0.02
UNKNOWN = {locale: texts[Outcome.IN_DOUBT] for locale, texts in TEXTS.items()}
WORDS = ("--reason", "restored the backup", "--by", "li")

PRESSES = count(1_600_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A running `serve`."""

    process: Listened
    edge: str
    ops: str

    def told(self, press: PressFields) -> tuple[int, str]:
        """Deliver a press, and return the ResultCode and the text."""

        async def push() -> tuple[int, str]:
            async with Sender(self.edge) as sender:
                played = await play(press, Format.XML, account=ACCOUNT, sender=sender, case=None)
            reply = played.verdict.reply
            assert reply is not None
            return reply.result_code, reply.result_msg

        return asyncio.run(push())

    def code(self, press: PressFields) -> int:
        return self.told(press)[0]

    def ledger(self) -> dict[str, object]:
        """What `/readyz` says of the ledger."""
        with httpx2.Client(base_url=self.ops, trust_env=False) as client:
            ready = client.get("/readyz")
        assert ready.status_code == 200
        told: dict[str, object] = ready.json()["ledger"]
        return told

    def comes_to(self, *, within: float, **facts: object) -> float:
        """Wait for the ledger to be so, and return how long that took."""
        began = time.monotonic()
        while not facts.items() <= self.ledger().items():
            assert time.monotonic() - began < within, (facts, self.ledger())
            time.sleep(LOOK_SECONDS)
        return time.monotonic() - began


def pressed(word: str) -> PressFields:
    """A press of its own for the waybill that the word names."""
    return PressFields.of(CASES["ok"], create_time=next(PRESSES), word=word)


def accepts(config: Path) -> tuple[int, str]:
    """Run `ledger accept-rewind`; return its exit code and what it printed."""
    words = ("ledger", "accept-rewind", "--config", str(config), *WORDS)
    with running("adapter", *words, cwd=config.parent) as command:
        return command.ended(), command.stdout + command.stderr


def expect_no_lie(replica: Replica, *, told_before: PressFields, lost: PressFields) -> None:
    """What a rewound ledger's replica says of the past, and of a new waybill."""
    assert replica.code(told_before) == 0  # as stored
    for waybill in (told_before, lost):
        second = pressed(waybill.text("WayBillID").removeprefix("STUB-OK-"))
        code, text = replica.told(second)
        assert code == -1
        assert text in UNKNOWN.values()
    assert replica.code(pressed(f"NEW{next(PRESSES)}")) == 0


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL whose data this test replaces."""
    server = Postgres(Path(tempfile.mkdtemp(prefix="waybridge-rewound-")))
    yield server
    server.close()


def test_an_older_copy_of_a_database_under_two_replicas(tmp_path: Path, server: Postgres) -> None:
    url = server.new_database()
    asyncio.run(migrate(url))
    with ExitStack() as opened:
        config = configuration(tmp_path, opened.enter_context(stub(cwd=tmp_path)), ledger=url)
        replicas = [_replica(opened, config) for _ in range(2)]
        before = pressed("BEFORE")
        assert replicas[0].code(before) == 0
        copy = tmp_path / "copy"
        _stopped_and(server, lambda: _copied(server.folder, copy))
        for replica in replicas:
            replica.comes_to(within=SERVING_SECONDS, state="up", rewound=False)
        lost = [pressed(f"LOST{number}") for number in range(9)]
        assert [replicas[n % 2].code(each) for n, each in enumerate(lost)] == [0] * 9
        assert [replicas[n % 2].code(each) for n, each in enumerate(lost)] == [0] * 9

        _stopped_and(server, lambda: _put_back(copy, server.folder))
        for replica in replicas:
            replica.comes_to(within=SERVING_SECONDS, state="up")
            replica.comes_to(within=SHOWN_SECONDS, rewound=True)
        replicas.append(_replica(opened, config))
        assert replicas[2].ledger()["rewound"]
        for number, replica in enumerate(replicas):
            expect_no_lie(replica, told_before=before, lost=lost[number])

        too_soon = accepts(config)
        server.query(url, "UPDATE rewind SET seen_at = seen_at - 60")
        accepted = accepts(config)
        for replica in replicas:
            replica.comes_to(within=SHOWN_SECONDS, rewound=False)

        assert too_soon[0] == 2
        assert accepted[0] == 0, accepted
        # A waybill with old doubt stays an operator's; another one is judged as ever.
        assert replicas[1].code(pressed("BEFORE")) == -1
        after = pressed("AFTER")
        assert [replicas[2].code(after), replicas[0].code(pressed("AFTER"))] == [0, 30003]


@pytest.mark.parametrize("log", ["left", "removed"])
def test_an_older_file_after_a_kill(tmp_path: Path, log: str) -> None:
    file = tmp_path / "journey.db"
    with stub(cwd=tmp_path) as target:
        config = configuration(tmp_path, target)
        before, lost = pressed("BEFORE"), pressed("LOST")
        with ExitStack() as opened:
            assert _replica(opened, config).code(before) == 0
            opened.pop_all().close()
        with ExitStack() as opened:
            replica = _replica(opened, config)
            shutil.copyfile(file, tmp_path / "backup.db")
            assert [replica.code(lost), replica.code(lost)] == [0, 0]
            replica.process.stop(signal.SIGKILL)
        shutil.copyfile(tmp_path / "backup.db", file)

        if log == "removed":
            Path(f"{file}-wal").unlink()
            Path(f"{file}-shm").unlink()
        else:
            _refused_with_a_way_out(config)
        with ExitStack() as opened:
            replica = _replica(opened, config)
            assert replica.ledger()["rewound"]
            expect_no_lie(replica, told_before=before, lost=lost)
            assert accepts(config)[0] == 2


def _replica(opened: ExitStack, config: Path) -> Replica:
    process, edge, ops = opened.enter_context(serving(config))
    return Replica(process=process, edge=edge, ops=ops)


def _stopped_and(server: Postgres, change: Callable[[], None]) -> None:
    server.stop()
    change()
    server.start()


def _put_back(copy: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    _copied(copy, folder)


def _copied(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)  # keeps whose it is


def _refused_with_a_way_out(config: Path) -> None:
    """`serve` is refused; what its message says to type is typed, word for word."""
    with running("adapter", "serve", "--config", str(config), cwd=config.parent) as refused:
        assert refused.ended() == 2
        said = refused.stderr
    assert "does not belong to" in said
    commands = [text for text in said.split("`")[1::2] if text.startswith(("mv ", "rm "))]
    assert len(commands) == 2
    for command in commands:
        subprocess.run(shlex.split(command), check=True, cwd=config.parent)

"""A log that grows is measured, and whoever keeps it from being emptied is named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from adapter.ledger.durable import DurableLedger
from adapter.ledger.sqlite.growth import LogWatch, holders
from tests.conformance.decisions import begin, key_of, waybill_of

READ_ON = """
import sqlite3, sys
reader = sqlite3.connect(sys.argv[1], isolation_level=None)
reader.execute("BEGIN")
reader.execute("SELECT count(*) FROM push").fetchall()
print("reading", flush=True)
sys.stdin.read()
"""


class Lines:
    """A log that is read back."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def info(self, event: str, **fields: object) -> None:
        raise AssertionError(event)

    def warning(self, event: str, **fields: object) -> None:
        self.lines.append((event, fields))

    error = debug = info


@pytest.fixture
def may_block(no_blocking_calls: BlockBuster) -> None:
    """The watch looks in a thread of its own; here it is called straight."""
    no_blocking_calls.deactivate()


@pytest.fixture
def reader(path: Path, ledger: DurableLedger) -> Iterator[subprocess.Popen[str]]:
    with reading_on(path) as process:
        yield process


@contextmanager
def reading_on(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", READ_ON, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        yield process
        process.communicate()


def test_a_reader_that_stays_is_found_and_we_are_not(
    reader: subprocess.Popen[str], path: Path
) -> None:
    (found,) = holders(path)

    assert (found.pid, found.name.startswith("python")) == (reader.pid, True)


def test_nobody_is_found_where_nobody_reads(tmp_path: Path) -> None:
    assert holders(tmp_path / "none.db") == ()


@pytest.mark.usefixtures("may_block")
async def test_a_log_over_its_limit_is_said_once_and_again_when_it_has_doubled(
    ledger: DurableLedger, path: Path, reader: subprocess.Popen[str]
) -> None:
    log = Lines()
    watch = LogWatch(path, log=log, limit_bytes=200_000)
    assert watch.disk_free_bytes() > 0

    for number in range(2, 40):
        waybill = waybill_of(number)
        await ledger.commit(waybill, begin(waybill, key_of(number)), within_seconds=5)
        watch.look()

    events = [event for event, _ in log.lines]
    assert watch.wal_bytes() > 400_000
    assert events == ["ledger_log_grows"] * len(events)
    assert 2 <= len(events) <= 3
    assert str(reader.pid) in str(log.lines[0][1]["readers"])


def test_a_ledger_that_is_gone_has_no_sizes(tmp_path: Path) -> None:
    watch = LogWatch(tmp_path / "gone" / "ledger.db", log=Lines())

    watch.look()

    assert (watch.wal_bytes(), watch.disk_free_bytes()) == (0, 0)

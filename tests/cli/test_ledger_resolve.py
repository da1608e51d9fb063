"""Settling doubt on a terminal, where somebody can be asked back."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from tests.cli.ledgers import Desk, desk_at, doubtful, record

ROOT = Path(__file__).parents[2]
DOUBTFUL = doubtful(2, waybill_id="SF-DOUBT\x1b[2J")


@pytest.fixture
def desk(tmp_path: Path, no_blocking_calls: BlockBuster) -> Desk:
    no_blocking_calls.deactivate()  # commands have processes to themselves
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    record(desk.url, [DOUBTFUL])
    return desk


def on_a_terminal(desk: Desk, *words: str, answer: str) -> subprocess.CompletedProcess[str]:
    """Run `ledger resolve` with a terminal to read from."""
    master, slave = pty.openpty()
    os.write(master, answer.encode())
    typed = ("ledger", "resolve", DOUBTFUL.key, "--config", str(desk.config))
    given = ("--outcome", "invalid", "--reason", "r", "--by", "li")
    try:
        return subprocess.run(
            [sys.executable, "-m", "adapter", *typed, *given, *words],
            cwd=ROOT,
            stdin=slave,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(slave)
        os.close(master)


def test_a_no_writes_nothing_and_a_yes_settles(desk: Desk) -> None:
    refused = on_a_terminal(desk, answer="n\n")
    still = desk.types("search", "--state", "in_doubt", "--csv").stdout
    settled = on_a_terminal(desk, answer="y\n")

    assert refused.returncode == 1
    assert "as invalid (ResultCode 30003)?" in refused.stderr
    assert "\x1b[2J" not in refused.stderr
    assert DOUBTFUL.key in still
    assert (settled.returncode, "settled by li" in settled.stdout) == (0, True)


def test_who_said_yes_before_is_not_asked(desk: Desk) -> None:
    settled = on_a_terminal(desk, "--yes", answer="n\n")

    assert (settled.returncode, settled.stderr) == (0, "")

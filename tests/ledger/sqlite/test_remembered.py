"""What the lock file keeps survives its process, its successor and a line cut short."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapter.ledger.sqlite.file import FileLock
from adapter.ledger.sqlite.remembered import MEMORY_BYTES, FileMemory, recall
from adapter.ledger.written import Witness

MEMORY = FileMemory(
    session=7,
    salt="0123456789abcdef",
    size=1 << 40,
    changed_ns=1_795_864_267_598_597_500,
    witness=Witness(
        key="f" * 32,
        received_at=1795864267.5985975,
        calls=12,
        deliveries=1_000_000,
        is_done=True,
        is_told=False,
    ),
)


@pytest.mark.parametrize("memory", [MEMORY, replace(MEMORY, witness=None)])
def test_what_is_remembered_is_recalled_by_the_next_process(
    tmp_path: Path, memory: FileMemory
) -> None:
    path = tmp_path / "ledger.db.lock"
    lock = FileLock(path)
    lock.take(tmp_path / "ledger.db")
    lock.remember(MEMORY)
    lock.remember(memory)
    lock.release()

    FileLock(path).take(tmp_path / "ledger.db")

    assert recall(path) == memory
    assert len(memory.line()) <= MEMORY_BYTES


@pytest.mark.parametrize("text", ["", "10930\n", f"{10930:<15}\n", f"{10930:<15}\n7 abc 12"])
def test_a_lock_file_without_a_whole_memory_remembers_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ledger.db.lock"
    path.write_text(text)

    assert recall(path) is None


def test_without_a_lock_file_nothing_is_remembered(tmp_path: Path) -> None:
    assert recall(tmp_path / "ledger.db.lock") is None

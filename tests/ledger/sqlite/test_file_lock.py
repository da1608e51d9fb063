from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapter.ledger.errors import LedgerInUse, LedgerNotOpened
from adapter.ledger.sqlite.file import FileLock
from tests.read_only import read_only

ROOT = Path(__file__).parents[3]


def test_one_holds_it_and_the_other_is_told_who(tmp_path: Path) -> None:
    path, ledger = tmp_path / "ledger.db.lock", tmp_path / "ledger.db"
    first, second = FileLock(path), FileLock(path)
    first.take(ledger)

    with pytest.raises(LedgerInUse, match=rf"ledger.db is in use by process {os.getpid()}"):
        second.take(ledger)

    assert second.is_held()


def test_it_is_free_again_once_released(tmp_path: Path) -> None:
    path, ledger = tmp_path / "ledger.db.lock", tmp_path / "ledger.db"
    first, second = FileLock(path), FileLock(path)
    assert not second.is_held()
    first.take(ledger)
    first.release()
    first.release()

    assert not second.is_held()
    second.take(ledger)
    assert first.is_held()
    second.release()


def test_a_holder_that_died_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db.lock"
    take = (
        "import sys; from pathlib import Path; from adapter.ledger.sqlite.file import FileLock;"
        "lock = FileLock(Path(sys.argv[1])); lock.take(Path('x')); import os; os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", take, str(path)], check=True, cwd=ROOT)
    successor = FileLock(path)

    successor.take(tmp_path / "ledger.db")

    assert path.read_text() == f"{os.getpid():<15}\n"
    successor.release()


def test_a_folder_that_may_not_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    with read_only(tmp_path / "kept") as folder:
        ledger = folder / "ledger.db"

        with pytest.raises(LedgerNotOpened) as refused:
            FileLock(folder / "ledger.db.lock").take(ledger)

    assert f"the ledger {ledger} cannot be locked" in str(refused.value)
    assert f"may not write {ledger}.lock (read-only file system)" in str(refused.value)
    assert f"let it write to {folder}" in str(refused.value)

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from adapter.ledger.durable import DurableLedger
from adapter.ledger.errors import UrlNotUnderstood
from adapter.ledger.memory import MemoryLedger
from adapter.ledger.open import file_of, open_ledger
from adapter.ledger.operate.maintenance import migrate
from tests.conformance.postgres import Postgres

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///waybridge.db", "waybridge.db"),
        ("sqlite:///sub/waybridge.db", "sub/waybridge.db"),
        ("sqlite:////var/lib/waybridge.db", "/var/lib/waybridge.db"),
        ("sqlite:///with%20space.db", "with space.db"),
    ],
)
def test_an_sqlite_url_names_a_file(url: str, file: str) -> None:
    assert file_of(url) == Path(file)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://a/b"])
def test_an_sqlite_url_without_a_file_is_not_understood(url: str) -> None:
    with pytest.raises(UrlNotUnderstood, match="names no file"):
        file_of(url)


@pytest.mark.parametrize("url", ["", "mysql://localhost/x", "waybridge.db"])
async def test_another_url_is_not_understood(url: str) -> None:
    with pytest.raises(UrlNotUnderstood, match="write sqlite:///"):
        async with open_ledger(url):
            pass


async def test_a_file_is_opened_to_serve_and_once_more_beside(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"

    async with open_ledger(url) as serving, open_ledger(url, beside=True) as beside:
        assert isinstance(serving, DurableLedger)
        assert isinstance(beside, DurableLedger)
        assert beside.identity_key == serving.identity_key
        assert beside.me.startswith("shell-")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
async def test_postgresql_goes_by_both_its_names(
    scheme: str, postgres: Postgres, no_blocking_calls: BlockBuster
) -> None:
    url = postgres.new_database()
    no_blocking_calls.deactivate()  # a command of its own, with a loop to itself
    await migrate(url)
    no_blocking_calls.activate()

    async with open_ledger(url.replace("postgresql", scheme, 1)) as ledger:
        assert isinstance(ledger, DurableLedger)
        assert len(ledger.identity_key) == 32


async def test_memory_is_a_ledger_too() -> None:
    async with open_ledger("memory://") as ledger:
        assert isinstance(ledger, MemoryLedger)


def test_knowing_how_to_open_imports_no_database() -> None:
    look = (
        "import adapter.ledger.open, sys;"
        "print(*{'sqlalchemy', 'alembic', 'asyncpg'} & set(sys.modules))"
    )

    ended = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True)

    assert (ended.returncode, ended.stdout.strip()) == (0, "")

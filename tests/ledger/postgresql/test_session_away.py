"""A server that does not answer at the start is waited for; one that refuses us is not."""

from __future__ import annotations

import asyncio
import ssl

import asyncpg
import pytest
from blockbuster import BlockBuster

from adapter.cancellation.errors import LedgerUnavailable
from adapter.ledger.errors import LedgerNotOpened, SchemaOutdated
from adapter.ledger.open import open_ledger
from adapter.ledger.postgresql.connection import is_away, word_for
from tests.conformance.decisions import WAYBILL, begin, key_of
from tests.conformance.postgres import Postgres
from tests.ledger.on_postgresql import url

__all__ = ["url"]


async def test_a_server_that_is_stopped_is_waited_for_and_then_serves(
    url: str, postgres: Postgres, no_blocking_calls: BlockBuster
) -> None:
    no_blocking_calls.deactivate()
    await asyncio.to_thread(postgres.stop)

    try:
        async with open_ledger(url, may_be_away=True) as ledger:
            fault = ledger.fault
            with pytest.raises(LedgerUnavailable):
                _ = ledger.identity_key
            with pytest.raises(LedgerUnavailable):
                await ledger.commit(WAYBILL, begin(WAYBILL, key_of(1)), within_seconds=0.1)
            with pytest.raises(LedgerUnavailable):
                await ledger.doubtful(limit=1)
            await asyncio.to_thread(postgres.start)
            won = await ledger.commit(WAYBILL, begin(WAYBILL, key_of(2)), within_seconds=5)
            assert (ledger.fault, len(ledger.identity_key)) == (None, 32)
    finally:
        await asyncio.to_thread(postgres.start)

    assert (fault, won) == ("unreachable", "won")


async def test_a_command_waits_for_nobody(url: str, postgres: Postgres) -> None:
    await asyncio.to_thread(postgres.stop)

    try:
        with pytest.raises(LedgerNotOpened, match="does not answer"):
            async with open_ledger(url, beside=True):
                pass
    finally:
        await asyncio.to_thread(postgres.start)


async def test_tables_that_are_not_ours_are_refused_at_the_start(postgres: Postgres) -> None:
    with pytest.raises(SchemaOutdated):
        async with open_ledger(postgres.new_database(), may_be_away=True):
            pass


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (asyncpg.CannotConnectNowError("starting up"), True),
        (asyncpg.TooManyConnectionsError("slots"), True),
        (asyncpg.QueryCanceledError("statement timeout"), True),
        (asyncpg.ReadOnlySQLTransactionError("a standby"), True),
        (asyncpg.TargetServerAttributeNotMatched("no primary"), True),
        (asyncpg.ProtocolViolationError("server login failed: the database is down"), True),
        (asyncpg.ProtocolViolationError("SASL authentication failed"), False),
        (asyncpg.ProtocolViolationError('database "x" does not exist'), False),
        (asyncpg.InvalidPasswordError("wrong"), False),
        (asyncpg.InvalidAuthorizationSpecificationError("no role"), False),
        (asyncpg.InvalidCatalogNameError("no database"), False),
        (asyncpg.InsufficientPrivilegeError("no right"), False),
        (ssl.SSLCertVerificationError(), False),
        (asyncpg.InterfaceError("the URL"), False),
    ],
    ids=repr,
)
def test_what_may_come_back_by_itself(error: BaseException, *, away: bool) -> None:
    assert is_away(error) is away


def test_only_standbys_where_a_primary_is_asked_for_is_read_only() -> None:
    assert word_for(asyncpg.TargetServerAttributeNotMatched("no primary")) == "read_only"

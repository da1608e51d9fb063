"""`waybridge ledger migrate`: bring a ledger's tables up to this program's."""

from __future__ import annotations

import asyncio

from sqlalchemy import NullPool, create_engine

from adapter.ledger import schema
from adapter.ledger.errors import DATABASE_HINT, LedgerNotOpened
from adapter.ledger.open import file_of


async def migrate(url: str) -> bool:
    """Run the missing steps and say whether there were any.

    An SQLite ledger also does so by itself when it is opened to serve. Raises
    `SchemaOutdated` when it is newer than this program, `LedgerNotOpened` when unreachable.
    """
    if url.startswith("sqlite"):
        return await asyncio.to_thread(_migrate_file, url)
    from adapter.ledger import postgresql_connection as postgresql

    engine = postgresql.engine_at(url)
    try:
        async with engine.begin() as connection:
            # One at a time: two replicas' operators may both think of it.
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({schema.LOCK})")
            return await connection.run_sync(schema.migrate)
    except postgresql.ERRORS as error:
        raise LedgerNotOpened(f"the ledger's PostgreSQL: {error}", hint=DATABASE_HINT) from error
    finally:
        await engine.dispose()


def _migrate_file(url: str) -> bool:
    engine = create_engine(f"sqlite:///{file_of(url)}", poolclass=NullPool)
    with engine.begin() as connection:
        return schema.migrate(connection)

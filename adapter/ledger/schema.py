"""Which version the tables have, and how to migrate older ones."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from adapter.ledger.errors import SchemaOutdated
from adapter.ledger.tables import SCHEMA

LOCK = 0x57425247_5343484D  # "WBRGSCHM": the advisory lock of a migration
_VERSION = table("alembic_version", column("version_num"))


def version_of(connection: Connection) -> str:
    """Return the newest migration that was run; empty when there are no tables."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(select(_VERSION.c.version_num)) or ""


def migrate(connection: Connection) -> bool:
    """Bring the tables up to `SCHEMA` and say whether anything was to be done.

    Raises `SchemaOutdated` when they are newer than this program; nothing is changed then.
    """
    version = version_of(connection)
    if version == SCHEMA:
        return False
    if version > SCHEMA:
        raise SchemaOutdated(
            f"the ledger has schema {version}, this program knows only up to {SCHEMA}:"
            " install the newer waybridge again"
        )
    # Only here: alembic takes as long to import as all the rest of a start.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    if connection.dialect.name == "sqlite":
        # Else the driver commits every step by itself, and one cut short is never finished.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    command.upgrade(config, "head")
    return True


def require(connection: Connection, *, remedy: str) -> None:
    """Raise `SchemaOutdated`, ending in `remedy`, unless the tables are ours."""
    version = version_of(connection)
    if version != SCHEMA:
        raise SchemaOutdated(
            f"the ledger has schema {version or 'none'}, this program needs {SCHEMA}: {remedy}"
        )

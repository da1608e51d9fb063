from __future__ import annotations

from dataclasses import fields

import pytest
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex

from adapter.cancellation.model import Call, Cancellation, Entry, State
from adapter.ledger.notice import Notice
from adapter.ledger.resolution import Resolution
from adapter.ledger.tables import OPEN, call, metadata, notice, push, resolution


@pytest.mark.parametrize(
    ("table", "kind"),
    [(push, Entry), (call, Call), (resolution, Resolution), (notice, Notice)],
    ids=["push", "call", "resolution", "notice"],
)
def test_a_table_holds_its_record_field_for_field_and_nothing_else(
    table: Table, kind: type[Entry | Call | Resolution | Notice]
) -> None:
    columns = {column.name for column in table.columns} - {"id", "counted"}

    assert columns == {field.name for field in fields(kind)}


def test_a_credential_has_no_column() -> None:
    columns = {column.name for table in metadata.tables.values() for column in table.columns}

    assert "credential" in {field.name for field in fields(Cancellation)}
    assert "credential" not in columns


def test_what_may_be_empty_is_what_is_not_known_yet() -> None:
    optional = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.nullable
    }

    assert optional == {
        *("push.outcome", "push.basis", "push.told"),
        *("call.ended_at", "call.outcome", "call.doubt"),
    }


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=lambda d: d.name)  # type: ignore[no-untyped-call]
def test_the_few_open_pushes_have_an_index_of_their_own_in_both(dialect: object) -> None:
    (index,) = (index for index in push.indexes if index.name == "push_open")

    made = str(CreateIndex(index).compile(dialect=dialect))  # type: ignore[arg-type]

    assert made.endswith(f"WHERE {OPEN}")
    assert str(OPEN) == f"state IN ('{State.CALLING.value}', '{State.IN_DOUBT.value}')"

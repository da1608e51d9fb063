from __future__ import annotations

from dataclasses import fields

import pytest

from adapter.ledger.rows import CHANGING
from adapter.ledger.statements import (
    VIEW_SIZES,
    Statements,
    for_postgresql,
    for_sqlite,
)
from adapter.ledger.tables import push
from adapter.ledger.writer import BATCH_LIMIT, BATCH_NOTES_LIMIT


@pytest.mark.parametrize("statements", [for_sqlite(), for_postgresql()])
def test_places_stand_in_the_order_of_the_rows(statements: Statements) -> None:
    columns = statements.put_push.split("(")[1].split(")")[0].replace('"', "")
    changes = statements.put_push.split(" SET ")[1]

    assert columns.split(", ") == push.c.keys()
    assert [write.split(" = ")[0] for write in changes.split(", ")] == list(CHANGING)


@pytest.mark.parametrize("size", [1, 2, 4, 5, 64, 256])
def test_a_story_statement_has_room_for_what_is_asked(size: int) -> None:
    places, text = for_sqlite().view(size)

    assert places >= size
    assert text.count("?") == places


def test_the_largest_story_has_room_for_the_largest_batch() -> None:
    assert VIEW_SIZES[-1] >= BATCH_LIMIT + BATCH_NOTES_LIMIT


def test_postgresql_has_a_statement_for_everything() -> None:
    statements = for_postgresql()

    missing = [f.name for f in fields(statements) if not getattr(statements, f.name)]
    assert missing == ["after_limit"]  # only SQLite's LIMIT has an OFFSET behind it

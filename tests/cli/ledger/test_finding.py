from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapter.cli.ledger.access import place_of
from adapter.cli.ledger.finding import AT_MOST, candidates, the_one
from adapter.ledger.search import open_archive
from tests.cli.ledgers import AGAIN, CANCELLED, DOUBTFUL, Desk, desk_at, push, record


def meant(url: str, word: str) -> list[str]:
    """Return the keys of the pushes that a word may mean."""

    async def look() -> list[str]:
        async with open_archive(url) as archive:
            return [entry.key for entry in await candidates(archive, word)]

    return asyncio.run(look())


@pytest.mark.parametrize(
    ("word", "keys"),
    [
        (DOUBTFUL.waybill_id, [DOUBTFUL.key]),
        (DOUBTFUL.key, [DOUBTFUL.key]),
        (DOUBTFUL.key[:4], [DOUBTFUL.key]),
        (f" {DOUBTFUL.key[:9].upper()}\n", [DOUBTFUL.key]),
        (DOUBTFUL.key[:3], []),
        (f"{DOUBTFUL.key}0", []),
        ("000g", []),
        ("", []),
        (CANCELLED.waybill_id, [AGAIN.key, CANCELLED.key]),
    ],
    ids=[
        "a waybill", "a key", "four digits of it", "capitals and blanks", "three digits",
        "too many", "no digits", "nothing", "a waybill with two pushes",
    ],
)  # fmt: skip
def test_a_word_means_a_waybill_or_the_beginning_of_a_key(
    desk: Desk, word: str, keys: list[str]
) -> None:
    assert meant(desk.url, word) == keys


def test_a_waybill_wins_over_a_key(tmp_path: Path, process_of_its_own: None) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    named_like_a_key = push(1, waybill_id=push(2).key[:8])
    record(url, [named_like_a_key, push(2)])

    assert meant(url, push(2).key[:8]) == [named_like_a_key.key]


def test_no_more_than_a_screenful_may_be_meant(tmp_path: Path, process_of_its_own: None) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    record(url, (push(number, waybill_id="SF-MANY") for number in range(AT_MOST + 1)))

    assert meant(url, "SF-MANY") == [push(number).key for number in range(AT_MOST)]


def test_a_waybill_with_several_pushes_lists_them(desk: Desk) -> None:
    several, none = desk.types("show", CANCELLED.waybill_id), desk.types("show", "SF-NONE")

    assert (several.exit_code, none.exit_code) == (2, 2)
    assert CANCELLED.key in several.stderr
    assert AGAIN.key in several.stderr
    assert "no push has the key or waybill 'SF-NONE'" in none.stderr


def test_the_only_one_that_may_be_meant_is_it(tmp_path: Path) -> None:
    place = place_of(desk_at(tmp_path, "sqlite:///none.db").config)

    assert the_one((DOUBTFUL,), DOUBTFUL.key, place) is DOUBTFUL

"""Which ledger and which push a command is about, and what keeps it from them."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapter.cli.ledger.access import LISTED_AT_MOST, candidates, configured_ledger, the_one
from adapter.diagnostics.cannot_start import CannotStart
from adapter.ledger.search import open_archive
from tests.cli.ledgers import AGAIN, CANCELLED, DOUBTFUL, Desk, desk_at, push, record

pytestmark = pytest.mark.usefixtures("process_of_its_own")


@pytest.mark.parametrize("name", ["search", "show x", "export", "prune", "resolve x"])
def test_a_ledger_that_is_not_there_is_not_made(name: str, tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/none.db")
    extra = (
        ("--outcome", "cancelled", "--reason", "r", "--by", "li", "--yes")
        if name.startswith("resolve")
        else ()
    )

    result = desk.types(*name.split(), *extra)

    assert result.exit_code == 2
    assert "there is no ledger" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "none.db").exists()


def test_a_ledger_of_memory_cannot_be_looked_at_from_outside(tmp_path: Path) -> None:
    result = desk_at(tmp_path, "memory:").types("search")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "memory of the process" in result.stderr


def test_only_faults_that_concern_the_ledger_stop_a_command(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, "mysql://x")

    result = desk.types("search")

    assert result.exit_code == 2
    assert "ledger.url" in result.stderr
    assert "wechat.token" not in result.stderr


def test_a_newer_ledger_is_left_alone(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    record(desk.url, [CANCELLED])
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0999'")

    results = [desk.types(name) for name in ("search", "migrate", "prune")]

    assert [result.exit_code for result in results] == [2, 2, 2]
    assert all("0999" in result.stderr for result in results)


def test_neither_secrets_nor_a_carrier_are_needed_to_find_the_ledger(tmp_path: Path) -> None:
    config = tmp_path / "adapter.toml"
    config.write_text('[ledger]\nurl = "sqlite:///w.db"\n[ops]\ntimezone = "Europe/Berlin"\n')

    ledger = configured_ledger(config)

    assert (ledger.url, ledger.zone) == (f"sqlite:///{tmp_path}/w.db", ZoneInfo("Europe/Berlin"))


def test_a_time_zone_that_is_none_stops_a_command(tmp_path: Path) -> None:
    config = tmp_path / "adapter.toml"
    config.write_text('[ops]\ntimezone = "Asia/Shanghia"\n')

    with pytest.raises(CannotStart) as ended:
        configured_ledger(config)

    assert "ops.timezone: is not a known time zone" in str(ended.value)


@pytest.mark.parametrize("text", [None, "[ledger"], ids=["not there", "no TOML"])
def test_a_configuration_that_cannot_be_read_stops_a_command(
    tmp_path: Path, text: str | None
) -> None:
    config = tmp_path / "adapter.toml"
    if text is not None:
        config.write_text(text)

    with pytest.raises(CannotStart) as ended:
        configured_ledger(config)

    assert str(config) in str(ended.value)


def test_the_environment_may_name_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYBRIDGE_LEDGER__URL", f"sqlite:///{tmp_path}/elsewhere.db")

    assert configured_ledger(None).url == f"sqlite:///{tmp_path}/elsewhere.db"


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("hello " * 1000)

    result = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db").types("search")

    assert result.exit_code == 2
    assert "ledger.db is not a waybridge ledger: name another file." in result.stderr


# Which push


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
    record(url, (push(number, waybill_id="SF-MANY") for number in range(LISTED_AT_MOST + 1)))

    assert meant(url, "SF-MANY") == [push(number).key for number in range(LISTED_AT_MOST)]


def test_a_waybill_with_several_pushes_lists_them(desk: Desk) -> None:
    several, none = desk.types("show", CANCELLED.waybill_id), desk.types("show", "SF-NONE")

    assert (several.exit_code, none.exit_code) == (2, 2)
    assert CANCELLED.key in several.stderr
    assert AGAIN.key in several.stderr
    assert "no push has the key or waybill 'SF-NONE'" in none.stderr


def test_the_only_one_that_may_be_meant_is_it(tmp_path: Path) -> None:
    ledger = configured_ledger(desk_at(tmp_path, "sqlite:///none.db").config)

    assert the_one((DOUBTFUL,), DOUBTFUL.key, ledger) is DOUBTFUL

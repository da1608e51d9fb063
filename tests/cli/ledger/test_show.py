from __future__ import annotations

import json

from adapter.cli.ledger.rows import COLUMNS
from tests.cli.ledgers import CANCELLED, DOUBTFUL, Desk, served


def test_the_whole_story_of_a_push_is_told(desk: Desk) -> None:
    with served(desk.url):
        by_prefix = desk.types("show", CANCELLED.key[:8])
        as_json = json.loads(desk.types("show", CANCELLED.key, "--json").stdout)

    assert "The merchant was told so." in by_prefix.stdout
    assert "250 ms  CANCELLED  cancelled" in by_prefix.stdout
    assert tuple(as_json["push"])[: len(COLUMNS)] == COLUMNS
    assert [call["status"] for call in as_json["calls"]] == ["CANCELLED"]
    assert json.loads(as_json["reply"]["json"])["ResultMsg"] == "success"
    assert "<ResultCode>0</ResultCode>" in as_json["reply"]["xml"]


def test_a_waybill_with_one_push_names_it(desk: Desk) -> None:
    result = desk.types("show", "SF-DOUBT", "--json")

    assert json.loads(result.stdout)["push"]["key"] == DOUBTFUL.key


def test_what_is_no_push_tells_no_story(desk: Desk) -> None:
    result = desk.types("show", "SF-NONE", "--json")

    assert (result.exit_code, result.stdout) == (2, "")
